import { createWriteStream } from 'node:fs';
import { createLogUpdate } from 'log-update';
import { callsLine, costsLine, frame, happeningLine } from './frame.ts';
import { type Line, lineText } from './line.ts';
import type { Happening, Picture } from './picture.ts';

/** Where a run is told. */
export interface Screen {
  /** Shows the state; a terminal redraws in place. */
  show(picture: Picture): void;
  /** Tells what happened. */
  tell(happening: Happening): void;
  /** Says something which stays. */
  say(...lines: readonly Line[]): void;
}

/** Elsewhere than on a terminal the calls are printed this often. */
const CALLS_EVERY_MS = 30_000;

const PLAIN_WIDTH = 160;

/** What happened is kept in `logFile` too. */
export function openScreen(logFile: string, quiet: boolean): Screen {
  const log = createWriteStream(logFile, { mode: 0o600 });
  const screen = quiet ? quietScreen() : process.stdout.isTTY ? terminal() : plainScreen();
  return {
    ...screen,
    tell(happening) {
      log.write(`${lineText(happeningLine(happening), PLAIN_WIDTH, false)}\n`);
      screen.tell(happening);
    },
  };
}

function terminal(): Screen {
  const update = createLogUpdate(process.stdout);
  const colours = process.stdout.hasColors();
  let framed = false;
  const text = (lines: readonly Line[]) => {
    const width = process.stdout.columns;
    return lines.map((line) => lineText(line, width, colours)).join('\n');
  };
  return {
    show(picture) {
      framed = true;
      update(text(frame(picture, process.stdout.columns)));
    },
    // A frame shows the latest by itself.
    tell(happening) {
      if (!framed) console.log(text([happeningLine(happening)]));
    },
    say(...lines) {
      update.done();
      console.log(text(lines));
    },
  };
}

function plainScreen(): Screen {
  let shownAtMs = Date.now();
  const print = (line: Line) => console.log(lineText(line, PLAIN_WIDTH, false));
  return {
    show(picture) {
      if (picture.nowMs < shownAtMs + CALLS_EVERY_MS) return;
      shownAtMs = picture.nowMs;
      print([...callsLine(picture), ['   '], ...costsLine(picture)]);
    },
    tell: (happening) => print(happeningLine(happening)),
    say: (...lines) => lines.forEach(print),
  };
}

/** Only what is said, which is the summary. */
function quietScreen(): Screen {
  return { ...plainScreen(), show: () => undefined, tell: () => undefined };
}
