import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  isCut,
  LONG_LINE_BYTES,
  LONG_STRING_BYTES,
  parseLine,
  parseWholeLine,
} from '../../../node/sources/json-line.ts'

const line = (text: string) => Buffer.from(text)
const PADDING = '"padding":[' + '"tea",'.repeat(800) + '"tea"]'

describe('a line of a session file', () => {
  test.each([
    ['an object', '{"a":1}', [{ a: 1 }]],
    ['spaces around it', ' {"a":1} \r', [{ a: 1 }]],
    ['a byte order mark before it', '\ufeff{"a":1}', [{ a: 1 }]],
    ['two objects on it', '{"a":1}{"b":"}{\\""}', [{ a: 1 }, { b: '}{"' }]],
    ['three objects with spaces on it', '{"a":1} {"b":2}\t{"c":3}', [{ a: 1 }, { b: 2 }, { c: 3 }]],
  ])('with %s is read', (_, text, records) => {
    expect(parseLine(line(text))).toEqual({ records, isValid: true })
  })

  test.each(['', ' ', '\r', '\t \r'])('that is blank holds nothing and is no error: %j', (text) => {
    expect(parseLine(line(text))).toEqual({ records: [], isValid: true })
  })

  test.each([
    ['half an object', '{"a":1,"b":"te'],
    ['an array', '[{"a":1}]'],
    ['a number', '42'],
    ['null', 'null'],
    ['words', 'tea is ready'],
    ['zeros', '\0\0\0\0'],
    ['a hundred thousand brackets', '['.repeat(100_000)],
    ['a hundred thousand braces', '{"a":'.repeat(100_000)],
    ['closing braces', '}}}}'],
    ['a long string that does not end', `"${'x\\"'.repeat(4000)}`],
    ['UTF-16', Buffer.from('{"a":1}', 'utf16le').toString('latin1')],
  ])('with %s is an error and throws nothing', (_, text) => {
    expect(parseLine(line(text))).toEqual({ records: [], isValid: false })
  })

  test('keeps the whole record behind half a one and says that something was wrong', () => {
    expect(parseLine(line('{"a":1}{"b":2'))).toEqual({ records: [{ a: 1 }], isValid: false })
  })

  test('with bytes that are no UTF-8 is read, with a sign in their place', () => {
    const bytes = Buffer.concat([line('{"a":"'), Buffer.from([0xff, 0xc3]), line('"}')])
    expect(parseLine(bytes).records).toEqual([{ a: '\ufffd\ufffd' }])
  })

  test('is read whole whatever is on it, where it is short', () => {
    const text = 'steam '.repeat(200)
    expect(parseLine(line(JSON.stringify({ text }))).records).toEqual([{ text }])
  })

  test('that is long has its long strings cut, and only those', () => {
    const short = 'x'.repeat(LONG_STRING_BYTES)
    const long = 'y'.repeat(LONG_STRING_BYTES + 1)
    const [record] = parseLine(
      line(`{"short":"${short}","long":"${long}","n":[1,{"deep":"${long}"}],${PADDING}}`),
    ).records
    expect(record).toMatchObject({ short, n: [1, {}] })
    const cut = record!.long as string
    expect(isCut(cut)).toBe(true)
    expect(long.startsWith(cut.slice(0, -1))).toBe(true)
    expect(cut.length).toBeGreaterThan(200)
    expect(isCut(short)).toBe(false)
  })

  test('is left unread where it is long and of a type that is not wanted', () => {
    const wanted = (type: string) => type === 'user'
    const read = (text: string) => parseLine(line(text), wanted).records.map(({ type }) => type)
    expect(read(`{"type":"progress",${PADDING}}`)).toEqual([])
    expect(read(`{${PADDING},"type":"progress"}`)).toEqual([])
    expect(read(`{"type":"user","data":{"type":"progress"},${PADDING}}`)).toEqual(['user'])
    expect(read(`{"data":{"type":"progress"},"type":"user",${PADDING}}`)).toEqual(['user'])
    expect(read(`{"type":"progress",${PADDING}}{"type":"user"}`)).toEqual(['progress', 'user'])
  })

  test('gives what JSON.parse gives, but for the end of long strings', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.string({ unit: 'binary', minLength: 300, maxLength: 900 }),
      fc.string({
        unit: fc.constantFrom('"', '\\', 'é', '🫖', '\n', '\u2028', '\ud83e'),
        minLength: 300,
        maxLength: 900,
      }),
    )
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof({ depthSize: 'small' }, text, fc.double(), fc.boolean(), tie('list'), tie('object')),
      list: fc.array(tie('value'), { maxLength: 4 }),
      object: fc.dictionary(text, tie('value'), { maxKeys: 4 }),
    }))
    fc.assert(
      fc.property(fc.dictionary(fc.string(), value, { maxKeys: 6 }), fc.boolean(), (object, isEscaped) => {
        const json = JSON.stringify({ object, padding: 'x,'.repeat(LONG_LINE_BYTES / 2) })
        const ascii = json.replace(
          /[\u0080-\uffff]/g,
          (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
        )
        const bytes = line(isEscaped ? ascii : json)
        const whole: unknown = JSON.parse(bytes.toString())
        expect(parseWholeLine(bytes).records).toEqual([whole])
        const { records, isValid } = parseLine(bytes)
        expect(isValid).toBe(true)
        expectBeginning((records[0] as { object: unknown }).object, (whole as { object: unknown }).object)
      }),
      { numRuns: 300 },
    )
  })
})

/** The same value, but for strings that are marked as cut, which begin as the others do. */
function expectBeginning(short: unknown, whole: unknown): void {
  if (typeof short === 'string' && typeof whole === 'string') {
    if (!isCut(short)) expect(short).toBe(whole)
    else if (short !== whole) expect(whole.startsWith(short.slice(0, -1))).toBe(true)
  } else if (typeof short === 'object' && short !== null) {
    const [a, b] = [Object.entries(short), Object.entries(whole as object)]
    expect(a.length).toBe(b.length)
    a.forEach(([key, value], i) => {
      expectBeginning(key, b[i]![0])
      expectBeginning(value, b[i]![1])
    })
  } else {
    expect(short).toEqual(whole)
  }
}
