import { screen, within } from '@testing-library/svelte'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ArchiveStatus, StatusAnswer } from '../../core/api.ts'
import { archiveTitle } from '../../ui/lib/archive.ts'
import { prompt, TestPage } from './page.ts'
import { memberRow, NOW, STATUS } from './support.ts'

const ago = (ms: number) => new Date(NOW - ms).toISOString()
const ARCHIVE: ArchiveStatus = {
  state: 'idle',
  url: 'https://harbour.supabase.co/functions/v1',
  behind: 0,
  sent: 12_345,
  inserted: 340,
  rejected: {},
  lastSuccessAt: ago(120_000),
  retryAt: null,
  problem: null,
  held: [],
}
const REFUSED: Partial<ArchiveStatus> = {
  state: 'refused',
  behind: 7,
  problem: 'The archive refused the call (401). See that VIBETEA_SUPABASE_KEY is the project’s.',
  retryAt: new Date(NOW + 299_500).toISOString(),
}

let page: TestPage
beforeEach(() => {
  page = new TestPage()
})
afterEach(() => page.close())

const status = (archive: Partial<ArchiveStatus> | null): StatusAnswer => ({
  ...STATUS,
  archive: archive && { ...ARCHIVE, ...archive },
})

async function open(archive: Partial<ArchiveStatus> | null, hash = '#/settings'): Promise<void> {
  page.api.answers.status = status(archive)
  page.api.answers.members = {
    members: [memberRow({ device: 'b', source: 'bruno-cpqxot', name: 'Bruno Lima' })],
  }
  await page.open([prompt(1)])
  await page.go(hash)
}
const panel = () => screen.getByRole('region', { name: 'Archive' })
const text = () => panel().textContent.replace(/\s+/g, ' ')
const sign = () => screen.queryByRole('link', { name: /^Archive (refuses|retrying)$/ })

describe('the archive that a node feeds', () => {
  it('is told of in the settings, and only there where there is one', async () => {
    await open(null)
    expect(screen.queryByRole('region', { name: 'Archive' })).toBeNull()
    expect(screen.queryByRole('link', { name: 'Archive' })).toBeNull()
    page.api.answers.status = status({})
    await page.settle(31)
    expect(screen.getByRole('link', { name: 'Archive' }).getAttribute('href')).toBe(
      '#/settings?section=archive',
    )
    expect(within(panel()).getByRole('status').textContent.trim()).toBe('Everything here is in the archive.')
    expect(text()).toContain('https://harbour.supabase.co/functions/v1')
    expect(text()).toContain('not there yet nothing')
    expect(text()).toMatch(/last took 2 min ago/)
    expect(text()).toContain('12,345 events since the start, 340 of them new there')
    expect(text()).toContain('Whoever has access to it can read that there')
    expect(sign()).toBeNull()
  })

  it.each<[Partial<ArchiveStatus>, string]>([
    [{ behind: 1 }, '1 block is sent with the next call.'],
    [{ behind: 12 }, '12 blocks are sent with the next call.'],
    [
      { behind: 12, held: [{ source: 'bruno-cpqxot', problem: 'Its certificate is not known there.' }] },
      '12 blocks are not in the archive: not all logs are taken.',
    ],
    [{ state: 'sending', behind: 1204 }, 'Sending: 1,204 blocks to go.'],
    [{ state: 'sending' }, 'Sending the last.'],
    [{ state: 'retrying' }, 'The archive did not take the last call.'],
  ])('of which the node says %j does: %s', (archive, sentence) => {
    expect(archiveTitle({ ...ARCHIVE, ...archive })).toBe(sentence)
  })

  it('that refuses is told of with why, what to do and when it is tried again, and on every screen', async () => {
    await open(REFUSED, '#/live')
    expect(sign()!.getAttribute('href')).toBe('#/settings?section=archive')
    expect(sign()!.title).toBe(REFUSED.problem)
    await page.go(sign()!.getAttribute('href')!)
    expect(document.activeElement).toBe(screen.getByRole('heading', { name: 'Archive' }))
    expect(within(panel()).getByRole('alert').textContent).toMatch(
      /^Nothing is archived until this is mended\..*401.*VIBETEA_SUPABASE_KEY/s,
    )
    expect(text()).toMatch(/Tried again in 4 min\. Nothing is lost/)
    page.api.answers.status = status({})
    await page.settle(6)
    expect(text()).toContain('Everything here is in the archive.')
    expect(sign()).toBeNull()
  })

  it('that is tried again counts down to it', async () => {
    await open({
      state: 'retrying',
      problem: 'The archive does not answer.',
      retryAt: new Date(NOW + 20_000).toISOString(),
      lastSuccessAt: null,
    })
    expect(sign()!.textContent).toContain('Archive retrying')
    expect(text()).toContain('The archive does not answer.')
    expect(text()).toMatch(/Tried again in 1\d s\./)
    expect(text()).toContain('last took nothing yet')
    await page.settle(20)
    expect(text()).toContain('Being tried again.')
  })

  it('has what it left out, in words', async () => {
    await open({ rejected: { too_old: 1204, source_mismatch: 1, constructor: 2 } })
    expect(text()).toContain('left out too old: 1,204')
    expect(text()).toContain('left out under the name of another machine: 1')
    expect(text()).toContain('left out constructor: 2')
  })

  it('has the logs that it does not take, by their people’s names', async () => {
    await open({
      behind: 3,
      held: [
        { source: 'bruno-cpqxot', problem: 'Its certificate is not known there.' },
        { source: 'bruno-cpqxot', problem: 'Its certificate is not known there.' },
      ],
    })
    const lines = within(panel())
      .getAllByRole('listitem')
      .map(({ textContent }) => textContent.trim())
    expect(lines).toEqual(Array(2).fill('Bruno Lima Its certificate is not known there.'))
  })

  it('shows what others chose as text', async () => {
    const hostile = '<img src=x onerror=alert(1)>\u202E'
    await open({
      ...REFUSED,
      url: hostile,
      problem: hostile.repeat(100),
      rejected: { [hostile]: 1 },
      held: [{ source: hostile, problem: hostile }],
    })
    expect(panel().querySelector('img')).toBeNull()
    expect(text()).toContain('<img src=x')
    expect(text()).not.toContain('\u202E')
    expect(sign()!.title).not.toContain('\u202E')
    expect(text().length).toBeLessThan(2000)
  })
})
