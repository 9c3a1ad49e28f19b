/** What people and teams call themselves. Such names travel in encrypted content only. */

const MAX_CHARACTERS = 40
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}]/u

/** What may be given for a name, for sentences that refuse something else. */
export const PERSON_NAME_FORM = `1 to ${MAX_CHARACTERS} printable characters`

/** A name as it is kept: without white space around it; null for what cannot be one. */
export function parsePersonName(text: string): string | null {
  const name = text.trim().replace(/\s+/g, ' ')
  return name !== '' && Array.from(name).length <= MAX_CHARACTERS && !UNPRINTABLE.test(name) ? name : null
}
