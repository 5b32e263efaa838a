/** What `require` gives: the plugin itself, which is its own `default` as well. Configs of CommonJS write either. */
export type Requirable<Plugin> = Plugin & { default: Plugin }

export function requirable<Plugin extends object>(plugin: Plugin): Requirable<Plugin> {
  return Object.assign(plugin, { default: plugin })
}
