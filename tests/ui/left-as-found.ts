import { afterAll, expect } from 'vitest'

/** Files share a simulated page: what one leaves in it, the next would find. */
const before = found()
afterAll(() => expect(found(), 'the page is left as it was found').toEqual(before))

function found() {
  return {
    body: document.body.innerHTML,
    attributes: document.documentElement.getAttributeNames(),
    title: document.title,
    place: location.href,
    kept: Object.fromEntries(Object.entries(localStorage)),
    visibility: document.visibilityState,
  }
}
