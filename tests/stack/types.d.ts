// Declarations for what the tests use of `postgres` 3.4.7, which only this package installs.
declare module 'postgres' {
  export interface Sql {
    <Row extends object>(text: TemplateStringsArray, ...values: unknown[]): Promise<Row[]>
    unsafe(text: string): Promise<Record<string, unknown>[]>
    end(): Promise<void>
  }
  export default function postgres(options: {
    host: string
    port: number
    user: string
    database: string
    max: number
    onnotice: () => void
  }): Sql
}
