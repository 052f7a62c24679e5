/** App settings, as the environment gives them. */
export type Settings = Readonly<Record<string, string | undefined>>;

/**
 * Replaces every `%NAME%` by the app setting of that name, as Azure does in schedules and queue names.
 * @throws when a setting is missing: a timer without its schedule must not look like one which is not due
 */
export function resolveSettings(text: string, settings: Settings): string {
  return text.replaceAll(/%([^%]+)%/g, (_, name: string) => requireSetting(name, settings));
}

/** @throws when the setting is missing or empty */
export function requireSetting(name: string, settings: Settings): string {
  const value = settings[name];
  if (!value) throw new Error(`app setting ${name} is missing`);
  return value;
}
