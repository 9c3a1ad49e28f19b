import { handleOf } from '../../core/handle.ts'
import { type Attention, attentionOf, iconOf, titleOf } from './attention.ts'
import type { App } from './app.svelte.ts'
import { type Notice, Notifications, type Reason } from './notifications.ts'
import type { SharedFiles } from './overlaps.svelte.ts'
import type { Chosen } from './preferences.svelte.ts'
import { fileName, sameFileSentence } from './same-file.ts'

const CHOICES = {
  answer: 'notifyAnswer',
  error: 'notifyErrors',
  'same-file': 'notifySameFile',
} as const satisfies Record<Reason, keyof Chosen>

/**
 * Keeps the tab's title and icon at what needs its person, and shows the notifications that were chosen. To be called
 * while a component is made; it ends with the component.
 */
export function minds(app: App, window: Window & typeof globalThis): void {
  const { document } = window
  const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]')
  const plainIcon = icon?.href ?? ''
  const own = () => app.node.status?.node.source
  const attention = $derived<Attention>(attentionOf(app.sessions.shown, own()))
  const place = $derived.by(() => {
    const [latest] = app.overlaps.mine
    return latest ? `Same file: ${fileName(latest.overlaps[0]!)}` : ''
  })
  $effect(() => {
    document.title = titleOf(attention, place)
  })
  $effect(() => {
    if (icon) icon.href = attention.answers || attention.errors ? iconOf(attention) : plainIcon
  })

  const notifications = new Notifications({
    show: (notice) => showNotice(notice, app, window),
    // Who looks at the page sees it there.
    isWanted: (reason) => app.preferences.chosen[CHOICES[reason]] && !document.hasFocus(),
    now: () => app.clock.at(),
  })
  const sentence = ({ overlaps }: SharedFiles) =>
    sameFileSentence(overlaps, (source) => app.people.name(source))
  $effect(() => {
    const source = own()
    if (source === undefined || !app.loads.sessions.hasCome) return
    notifications.takeSessions(app.sessions.shown.filter((row) => row.source === source))
  })
  $effect(() => {
    if (app.loads.overlaps.hasCome) notifications.takeFiles(app.overlaps.mine, sentence)
  })
  $effect(() => app.onRows((rows) => notifications.takeRows(rows, own(), handleOf)))
}

/** Shows a notification where the person has allowed it; a click leads to what it is about. */
function showNotice({ tag, title, body, hash }: Notice, app: App, window: Window & typeof globalThis): void {
  if (!('Notification' in window) || window.Notification.permission !== 'granted') return
  const notification = new window.Notification(title, { body, tag, icon: './favicon.svg' })
  notification.onclick = () => {
    window.focus()
    app.router.go(hash)
    notification.close()
  }
}
