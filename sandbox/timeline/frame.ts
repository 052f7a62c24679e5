import { TOKEN_LIFE_MS } from '../world.ts';
import { clock, counted, type Line, type Span, stopwatch, type Tone } from './line.ts';
import type {
  ConsumerPicture,
  CredentialPicture,
  Happening,
  Life,
  Picture,
  SlotPicture,
  SlotState,
} from './picture.ts';

const NAME_WIDTH = 11;
const SLOT_WIDTH = 11;
const WORDS_WIDTH = 44;
const NARROWEST_BAR = 12;
const WIDEST_BAR = 48;

const TONES: Readonly<Record<SlotState, Tone>> = {
  current: 'good',
  used: 'aging',
  retiring: 'bad',
  settling: 'quiet',
  clean: 'quiet',
  unseen: 'quiet',
};

/** The whole picture as lines: title, credentials, log, calls. */
export function frame(picture: Picture, width: number): readonly Line[] {
  return [
    titleLine(picture),
    [],
    ...picture.credentials.flatMap((credential) => credentialLines(credential, picture, width)),
    ...picture.events.map(happeningLine),
    [],
    callsLine(picture),
    costsLine(picture),
  ];
}

function titleLine({ app, clusters, credentials, nowMs, runAtMs, silent }: Picture): Line {
  const trouble = silent.length > 0 ? `   no answer from ${silent.join(', ')}` : '';
  return [
    [`Keyturn sandbox  ${stopwatch(nowMs - runAtMs)}`, 'title'],
    [`  ${app}  ${clusters} clusters, ${credentials.length} gateways, `],
    [`lives of ${TOKEN_LIFE_MS / 60_000} min`],
    [trouble, 'bad'],
  ];
}

function credentialLines(
  { gateway, retire, slots, consumers }: CredentialPicture,
  picture: Picture,
  width: number,
): readonly Line[] {
  const room = width - NAME_WIDTH - SLOT_WIDTH - WORDS_WIDTH;
  const columns = Math.min(Math.max(room, NARROWEST_BAR), WIDEST_BAR);
  const slotLines = slots.map((slot, index): Line => [
    [(index === 0 ? gateway : '').padEnd(NAME_WIDTH), 'title'],
    [slot.name.padEnd(SLOT_WIDTH), 'quiet'],
    ...bar(slot, picture.nowMs, columns),
    ['  '],
    [slotWords(slot, retire), TONES[slot.state]],
  ]);
  const indent = ' '.repeat(NAME_WIDTH);
  return [
    ...slotLines,
    [[indent], ['consumers'.padEnd(SLOT_WIDTH), 'quiet'], ...consumers.flatMap(consumerSpans)],
    [],
  ];
}

/**
 * One axis for all bars: a token's life before now, and one after it. What is over is drawn solid, what is
 * to come dashed; a key which was regenerated leaves a thin line.
 */
export function bar({ lives, state }: SlotPicture, nowMs: number, columns: number): Line {
  const stepMs = (2 * TOKEN_LIFE_MS) / columns;
  const fromMs = nowMs - TOKEN_LIFE_MS;
  const cells = Array.from({ length: columns }, (_, column): Span => {
    const atMs = fromMs + (column + 0.5) * stepMs;
    const life = lives.findLast((each) => each.fromMs <= atMs && atMs < each.toMs);
    return life ? [stroke(life, atMs, nowMs), life.regenerated ? 'quiet' : TONES[state]] : [' '];
  });
  return joined(cells);
}

function stroke({ regenerated }: Life, atMs: number, nowMs: number): string {
  if (regenerated) return '─';
  return atMs <= nowMs ? '━' : '╌';
}

/** Neighbours of one tone become one span. */
function joined(cells: Line): Line {
  const spans: Span[] = [];
  for (const [text, tone] of cells) {
    const last = spans.at(-1);
    if (last && last[1] === tone)
      spans[spans.length - 1] = tone ? [last[0] + text, tone] : [last[0] + text];
    else spans.push(tone ? [text, tone] : [text]);
  }
  return spans;
}

function slotWords({ state, sequence, lives }: SlotPicture, retire: string): string {
  const life = lives.at(-1);
  const expires = life && !life.regenerated ? clock(life.toMs, 'minute') : undefined;
  switch (state) {
    case 'current':
      return `current #${sequence ?? '?'}, expires ${expires ?? '?'}`;
    case 'used':
      if (!expires) return 'used before Keyturn came, perhaps';
      return retire === 'adopted'
        ? `used, expires ${expires}, retires when adopted`
        : `used, expires ${expires}, then retires`;
    case 'unseen':
      return '';
    case 'retiring':
    case 'settling':
    case 'clean':
      return state;
  }
}

function consumerSpans({ id, adopted, pods }: ConsumerPicture): Line {
  const tone = pods > 0 && adopted === pods ? 'good' : 'aging';
  return [[`${id} `], [`${adopted}/${pods}`, tone], ['  ']];
}

/** One line of the log, which plain output prints too. */
export function happeningLine({ atMs, who, word, message }: Happening): Line {
  return [
    [`${clock(atMs, 'second')}  `, 'quiet'],
    [who.padEnd(NAME_WIDTH)],
    [word.padEnd(9), ALARMING.has(word) ? 'bad' : 'word'],
    [message],
  ];
}

const ALARMING = new Set(['refused', 'person', 'died', 'setback']);

/** What the gateways experienced. */
export function callsLine({ calls, restarts }: Picture): Line {
  const explained = calls.afterPause > 0 ? `, ${counted(calls.afterPause)} expired while off` : '';
  return [
    ['gateway calls '],
    [`${counted(calls.good)} good`, 'good'],
    [', '],
    [`${counted(calls.refused)} refused`, calls.refused > 0 ? 'bad' : 'good'],
    [`${explained}, ${counted(calls.unreachable)} unreachable   ${counted(restarts)} restarts`],
  ];
}

/** What it cost. */
export function costsLine({ costs }: Picture): Line {
  return [[`Azure: ${counted(costs.writes)} writes, ${counted(costs.vaultReads)} vault reads`]];
}
