import { cleanup, render, screen } from '@testing-library/svelte'
import { tick } from 'svelte'
import { vi } from 'vitest'
import type { EventRow } from '../../core/api.ts'
import { App } from '../../ui/lib/app.svelte.ts'
import Root from '../../ui/Root.svelte'
import { promptAt } from '../support/events.ts'
import { FakeApi, FakeSocket, NOW, rowOf } from './support.ts'

/** The whole dashboard in a simulated page; the test is the node. */
export class TestPage {
  readonly api = new FakeApi()
  #stop: () => void = () => undefined

  constructor() {
    vi.useFakeTimers({
      now: NOW,
      toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'],
    })
    vi.stubGlobal('WebSocket', FakeSocket)
    FakeSocket.opened.length = 0
    localStorage.clear()
    localStorage.setItem('vibetea.token', 'secret')
    location.hash = ''
  }

  get socket(): FakeSocket {
    return FakeSocket.opened.at(-1)!
  }

  /** Opens it with some rows of the past, and lets it connect. */
  async open(rows: EventRow[] = []): Promise<void> {
    this.api.answers.events = { events: [...rows].reverse(), next: null, prev: null }
    const app = new App(window, this.api.fetch)
    this.#stop = app.start()
    render(Root, { app })
    await vi.advanceTimersByTimeAsync(0)
    this.socket.hello(`c.${rows.length}`)
    await this.settle()
  }

  /** Closes it and leaves nothing of it to the next. */
  close(): void {
    cleanup()
    this.#stop()
    vi.useRealTimers()
    vi.unstubAllGlobals()
    const root = document.documentElement
    for (const name of root.getAttributeNames()) root.removeAttribute(name)
    document.title = ''
    localStorage.clear()
    history.replaceState(null, '', '/')
  }

  /** Lets some seconds pass; a screen that is first opened is there then. */
  async settle(seconds = 1.1): Promise<void> {
    await tick()
    await vi.dynamicImportSettled()
    await vi.advanceTimersByTimeAsync(seconds * 1000)
    await tick()
  }

  /** Rows come over the WebSocket. */
  async come(...rows: EventRow[]): Promise<void> {
    this.socket.say({ type: 'events', events: rows, head: rows.at(-1)!.cursor })
    await this.settle()
  }

  /** Goes to a place, whose screen is loaded when it is first opened. */
  async go(hash: string): Promise<void> {
    history.replaceState(null, '', hash)
    window.dispatchEvent(new Event('hashchange'))
    await this.settle()
  }
}

export const articles = () => screen.getAllByRole('article')

/** The nth prompt of a session. */
export const prompt = (n: number): EventRow => rowOf(promptAt(NOW + n, { id: n }), n)
