// Declarations for what the archive's functions use of their runtime and of @supabase/supabase-js 2.119.0, which only
// the functions and tests/stack install.
declare namespace Deno {
  const env: { get(name: string): string | undefined }
  function serve(handler: (request: Request) => Promise<Response>): void
}

declare module '@supabase/supabase-js' {
  interface Answer {
    data: unknown
    error: { code: string; message: string } | null
    status: number
  }
  interface Rows extends PromiseLike<Answer> {
    eq(column: string, value: unknown): Rows
  }
  interface Table {
    select(columns?: string, options?: { count: 'exact'; head?: boolean }): Rows
    insert(rows: unknown): Rows
    update(values: unknown): Rows
    delete(): Rows
  }
  export interface SupabaseClient {
    rpc(name: string, parameters?: Record<string, unknown>): PromiseLike<Answer>
    from(table: string): Table
  }
  export function createClient(
    url: string,
    key: string,
    options: {
      auth: { persistSession: boolean; autoRefreshToken: boolean }
      realtime?: { transport: unknown }
    },
  ): SupabaseClient
}
