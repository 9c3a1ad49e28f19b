/** Where the values of a JSON text stand in it, so that one can be added or taken away without touching the rest. */

/** A value stands at `text.slice(start, end)`. */
export interface Place {
  start: number
  end: number
  kind: 'object' | 'list' | 'other'
  /** Of an object or a list, in the text's order. */
  items: Item[]
}

export interface Item {
  /** Where it begins: at its name, in an object. */
  start: number
  /** null in a list. */
  name: string | null
  place: Place
}

/** The places in a text. Throws a `SyntaxError` where it is no JSON, a `RangeError` where it is nested too deep. */
export function placesOf(text: string): Place {
  JSON.parse(text)
  return new Scanner(text).value()
}

/** The object's item of a name; of several the last, which is the one that counts. */
export function itemOf(object: Place, name: string): Item | undefined {
  return object.items.findLast((item) => item.name === name)
}

/** Walks through a text that `JSON.parse` has taken, and so need not check it. */
class Scanner {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  value(): Place {
    this.#skip(/[ \t\r\n]/)
    const start = this.#at
    const items: Item[] = []
    let kind: Place['kind'] = 'other'
    switch (this.#text[start]) {
      case '{':
        kind = 'object'
        this.#readItems(items, () => this.#name())
        break
      case '[':
        kind = 'list'
        this.#readItems(items, () => null)
        break
      case '"':
        this.#string()
        break
      default:
        this.#skip(/[-+.\w]/)
    }
    return { start, end: this.#at, kind, items }
  }

  #readItems(items: Item[], name: () => string | null): void {
    this.#at++
    for (;;) {
      this.#skip(/[ \t\r\n,]/)
      const start = this.#at
      if (this.#text[start] === '}' || this.#text[start] === ']') break
      items.push({ start, name: name(), place: this.value() })
    }
    this.#at++
  }

  #name(): string {
    const name = JSON.parse(this.#string()) as string
    this.#skip(/[ \t\r\n:]/)
    return name
  }

  #string(): string {
    const start = this.#at++
    while (this.#text[this.#at] !== '"') this.#at += this.#text[this.#at] === '\\' ? 2 : 1
    return this.#text.slice(start, ++this.#at)
  }

  #skip(what: RegExp): void {
    while (this.#at < this.#text.length && what.test(this.#text[this.#at]!)) this.#at++
  }
}
