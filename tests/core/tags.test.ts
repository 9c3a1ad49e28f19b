import { expect, test } from 'vitest'
import { isTag } from '../../core/shapes.ts'
import { fileKeyOf, fileTagOf, idKeyOf, projectKeyOf, projectTagOf } from '../../core/tags.ts'
import { deviceOf, hex, toHex, vectors } from './support.ts'

const given = vectors('tags') as {
  deviceSecret: string
  idKey: string
  fileKey: string
  projectKey: string
  projects: { rootCommit: string; projectTag: string }[]
  files: { rootCommit: string; relativePath: string; fileTag: string }[]
}

test('the keys come from the device secret', () => {
  const device = deviceOf(given.deviceSecret)
  expect(toHex(idKeyOf(device))).toBe(given.idKey)
  expect(toHex(fileKeyOf(device))).toBe(given.fileKey)
  expect(toHex(projectKeyOf(device))).toBe(given.projectKey)
})

test.each(given.files)(
  'the file $relativePath has the tag $fileTag',
  ({ rootCommit, relativePath, fileTag }) => {
    expect(fileTagOf(hex(given.fileKey), rootCommit, relativePath)).toBe(fileTag)
    expect(isTag(fileTag)).toBe(true)
  },
)

test.each(given.projects)(
  'the repository $rootCommit has the tag $projectTag',
  ({ rootCommit, projectTag }) => {
    expect(projectTagOf(hex(given.projectKey), rootCommit)).toBe(projectTag)
    expect(isTag(projectTag)).toBe(true)
  },
)

test('another device, repository or path gives another tag', () => {
  const key = hex(given.fileKey)
  const tags = [
    fileTagOf(key, 'a', 'b/c'),
    fileTagOf(key, 'a', 'b/C'),
    fileTagOf(key, 'ab', '/c'),
    fileTagOf(hex(given.projectKey), 'a', 'b/c'),
  ]
  expect(new Set(tags).size).toBe(tags.length)
})
