/** Where the page is: all of it stands after the `#`, so that any view is a link and the server sees none of it. */

export const SCREENS = [
  'live', 'timeline', 'heat', 'people', 'usage', 'session', 'history', 'settings', 'welcome',
] as const // prettier-ignore
export type ScreenName = (typeof SCREENS)[number]

export interface Route {
  screen: ScreenName
  /** The session of `#/session/<id>`, else ''. */
  id: string
  params: URLSearchParams
}

/** Reads a fragment; whatever is not ours is the live screen. */
export function parseHash(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2)
  const [name = '', id = ''] = path.split('/', 2)
  const known = SCREENS.find((screen) => screen === name)
  const isMissing = !known || (known === 'session' && !id)
  return { screen: isMissing ? 'live' : known, id: isMissing ? '' : id, params: new URLSearchParams(query) }
}

/** Whether a fragment is one of ours, rather than shown as the live screen for want of another. */
export function isPlace(hash: string): boolean {
  const { screen } = parseHash(hash)
  return screen !== 'live' || /^#\/live(\?|$)/.test(hash)
}

/** The fragment of a place. Commas and colons stay readable. */
export function formatHash(screen: ScreenName, id = '', params = new URLSearchParams()): string {
  const query = params.toString().replaceAll('%2C', ',').replaceAll('%3A', ':')
  return `#/${screen}${id ? `/${id}` : ''}${query ? `?${query}` : ''}`
}

type Place = Pick<Window, 'location' | 'history' | 'addEventListener' | 'removeEventListener'>

export class Router {
  route = $state.raw<Route>(parseHash(''))
  /** Where a session's page leads back to. */
  lastList = '#/live'
  readonly #window: Place

  constructor(window: Place) {
    this.#window = window
    this.#read()
  }

  start(): () => void {
    const read = () => this.#read()
    this.#window.addEventListener('hashchange', read)
    this.#read()
    return () => this.#window.removeEventListener('hashchange', read)
  }

  /** Goes to a place; with `replace` the back button does not come back to this one. */
  go(hash: string, replace = false): void {
    if (replace) this.#window.history.replaceState(null, '', hash)
    else this.#window.history.pushState(null, '', hash)
    this.#read()
  }

  /** Sets a parameter of this place, or takes it out where it is ''; the back button passes over that. */
  set(name: string, value: string): void {
    const { screen, id, params } = this.route
    const next = new URLSearchParams(params)
    if (value) next.set(name, value)
    else next.delete(name)
    this.go(formatHash(screen, id, next), true)
  }

  #read(): void {
    this.route = parseHash(this.#window.location.hash)
    if (this.route.screen !== 'session') this.lastList = this.#window.location.hash || '#/live'
  }
}
