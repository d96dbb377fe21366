import { ConfigError } from './auth_error.js'

// TypeScript tells most users; these tell the others, before anything reaches the native half.

/** @internal */
export function text(option: string, value: unknown): string {
  if (typeof value === 'string') return value
  throw wrong(option, value, 'a string')
}

/** One text, or a list of them. @internal */
export function texts(option: string, value: unknown): string[] {
  const list = Array.isArray(value) ? value : [value]
  if (list.every((item) => typeof item === 'string')) return list
  throw wrong(option, value, 'a string or an array of strings')
}

/** A list of texts, and no single one. @internal */
export function list(option: string, value: unknown): string[] {
  if (Array.isArray(value)) return texts(option, value)
  throw wrong(option, value, 'an array of strings')
}

/** The name of a header (RFC 9110 §5.1). @internal */
export function headerName(option: string, value: unknown): string {
  if (/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text(option, value))) return (value as string).toLowerCase()
  throw wrong(option, value, 'a name such as x-csrf-token')
}

/** @internal */
export function optionalFunction<T>(option: string, value: T): T {
  if (value === undefined || typeof value === 'function') return value
  throw wrong(option, value, 'a function, or leave it out')
}

/** An object, whose members are all known. @internal */
export function object<T extends object>(option: string, value: T, known: readonly string[]): T {
  if (typeof value !== 'object' || value === null) throw wrong(option, value, `an object with ${known.join(', ')}`)
  for (const name in value) {
    if (known.includes(name)) continue
    const hint = `write one of ${known.join(', ')}`
    throw new ConfigError({ option: name, problem: 'there is no such option', hint })
  }
  return value
}

/** One of a few words, or the first of them where it is left out. @internal */
export function word<T extends string>(option: string, value: T | undefined, words: readonly [T, ...T[]]): T {
  if (value === undefined) return words[0]
  if (words.includes(value)) return value
  throw wrong(option, value, words.map((word) => `'${word}'`).join(' or '))
}

/** @internal */
export function wrong(option: string, value: unknown, wanted: string): ConfigError {
  const found = value === undefined ? 'missing' : value === null ? 'null' : `of the type ${typeof value}`
  return new ConfigError({ option, problem: `it is ${typeof value === 'string' ? 'another text' : found}`, hint: `write ${wanted}` })
}
