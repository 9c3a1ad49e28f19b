import { createInterface } from 'node:readline'
import type { Interface } from 'node:readline'
import { Writable } from 'node:stream'
import type { Context } from './command.ts'
import { Cancelled } from './ends.ts'

/**
 * Asks what is to be asked, and gives the terminal back. Throws `Cancelled` where the person ends it; `work` itself must
 * change nothing.
 */
export async function inDialogue<Answers>(
  context: Context,
  work: (dialogue: Dialogue) => Promise<Answers>,
): Promise<Answers> {
  const dialogue = new Dialogue(context)
  try {
    const answers = await work(dialogue)
    if (!dialogue.signal.aborted) return answers
  } catch (error) {
    if (!dialogue.signal.aborted) throw error
  } finally {
    dialogue.close()
  }
  throw new Cancelled()
}

/** What a person is asked, a line each. Questions go where errors go, so that what is printed can be kept apart. */
export class Dialogue {
  /** Aborted by Ctrl-C, also while nothing is asked. */
  readonly signal: AbortSignal
  readonly #stdin: Context['stdin']
  readonly #questions: Context['questions']
  readonly #cancelling = new AbortController()
  /** Lines that came before they were asked for, as of a pasted text. */
  readonly #lines: string[] = []
  #interface: Interface | null = null
  #isHidden = false
  #isOver = false
  #wake: () => void = () => undefined

  constructor({ stdin, questions, signal }: Pick<Context, 'stdin' | 'questions' | 'signal'>) {
    this.#stdin = stdin
    this.#questions = questions
    this.signal = AbortSignal.any([signal, this.#cancelling.signal])
    this.signal.addEventListener('abort', () => this.#wake(), { once: true })
  }

  say(text: string): void {
    this.#questions.write(`${text}\n`)
  }

  /** The answer to a question, without white space around it. Throws `Cancelled` on Ctrl-C and at the input's end. */
  async ask(question: string): Promise<string> {
    const lines = this.#open()
    lines.setPrompt(question)
    lines.prompt()
    return this.#next()
  }

  /** The same; what is typed is not shown, and of a pasted text all lines count, put together. */
  async askHidden(question: string): Promise<string> {
    const lines = this.#open()
    this.#questions.write(question)
    this.#isHidden = true
    try {
      lines.setPrompt('')
      lines.prompt()
      return [await this.#next(), ...this.#lines.splice(0)].join('')
    } finally {
      this.#isHidden = false
      this.#questions.write('\n')
    }
  }

  /** Gives the terminal back; to be called however it ended. */
  close(): void {
    this.#interface?.close()
  }

  #open(): Interface {
    if (this.#interface) return this.#interface
    const screen = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        if (!this.#isHidden) this.#questions.write(chunk)
        done()
      },
    })
    // Without a history: one line is a key.
    const lines = createInterface({ input: this.#stdin, output: screen, terminal: true, historySize: 0 })
    lines.on('line', (line) => {
      this.#lines.push(line.trim())
      this.#wake()
    })
    lines.on('SIGINT', () => {
      this.#questions.write('\n')
      this.#cancelling.abort()
    })
    lines.on('close', () => {
      this.#isOver = true
      this.#wake()
    })
    this.#interface = lines
    return lines
  }

  async #next(): Promise<string> {
    for (;;) {
      if (this.signal.aborted) throw new Cancelled()
      const line = this.#lines.shift()
      if (line !== undefined) return line
      if (this.#isOver) throw new Cancelled()
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }
}
