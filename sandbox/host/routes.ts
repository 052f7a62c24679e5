import type { HTTPMethod } from 'find-my-way';
import type { AppFunction } from './load-app.ts';

/** One path of a function in the router's words. */
export interface RoutePath {
  readonly path: string;
  /** The function's name for the router's `*`. */
  readonly wildcard?: string;
}

/** Methods of a function. `HEAD` comes only where it is listed: at Azure, too, it is not part of `GET`. */
export function methodsOf({ trigger }: AppFunction): HTTPMethod[] {
  return (trigger.methods ?? []).map((method) => method.toUpperCase() as HTTPMethod);
}

/**
 * The paths of a function: its route, or its name, behind the prefix. `{id?}` and `{*rest}` match without their
 * segment too, so they give two.
 * @throws on what else a route may hold at Azure (constraints, defaults, parts of a segment)
 */
export function pathsOf({ name, trigger }: AppFunction, prefix: string): RoutePath[] {
  const route = trigger.route ?? name;
  const segments = `${prefix}/${route}`.split('/').filter((segment) => segment !== '');
  const last = segments.at(-1) ?? '';
  const parents = toPath(segments.slice(0, -1));

  const wildcard = /^\{\*{1,2}(\w+)\}$/.exec(last)?.[1];
  if (wildcard) return [{ path: parents || '/' }, { path: `${parents}/*`, wildcard }];
  const optional = /^\{(\w+)\?\}$/.exec(last)?.[1];
  if (optional) return [{ path: parents || '/' }, { path: `${parents}/:${optional}` }];
  return [{ path: toPath(segments) || '/' }];
}

function toPath(segments: readonly string[]): string {
  return segments.map((segment) => `/${toRouterSegment(segment)}`).join('');
}

function toRouterSegment(segment: string): string {
  const parameter = /^\{(\w+)\}$/.exec(segment)?.[1];
  if (parameter) return `:${parameter}`;
  if (/^[\w.~-]+$/.test(segment)) return segment;
  throw new Error(`route segment "${segment}" is not supported here`);
}
