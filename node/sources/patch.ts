/** The file that a patch in the form of `apply_patch` changes; null where it changes none or several. */
export function patchedFile(patch: string): string | null {
  const lines = patch.matchAll(/^\*\*\* (?:Add File|Update File|Delete File|Move to): (.+)$/gm)
  const named = new Set([...lines].map(([, path]) => path!.trim()))
  return named.size === 1 ? [...named][0]! : null
}
