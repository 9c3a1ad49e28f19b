import type { Adapter, Reader, SessionFile } from '../../../../node/sources/port.ts'

/** An adapter whose readers do some things in another way. */
export function withReader(
  real: Adapter,
  changed: (reader: Reader, file: SessionFile) => Partial<Reader>,
): Adapter {
  return {
    ...real,
    open: (file) => {
      const reader = real.open(file)
      const other = changed(reader, file)
      return {
        read: other.read ?? ((line, offset) => reader.read(line, offset)),
        flush: other.flush ?? (() => reader.flush()),
        get heldFrom() {
          return 'heldFrom' in other ? other.heldFrom! : reader.heldFrom
        },
        get invalidLines() {
          return reader.invalidLines
        },
        get local() {
          return reader.local
        },
        get sessionId() {
          return reader.sessionId
        },
      }
    },
  }
}
