-- Where the project has pg_cron, events older than 30 days go every hour by themselves. The ingest function asks for
-- the same while archivers write, so that a project where it cannot be used does without.
do $$
begin
  if not exists (select from pg_available_extensions where name = 'pg_cron') then
    raise notice 'pg_cron is not here: old events go when new ones come';
    return;
  end if;
  create extension if not exists pg_cron with schema pg_catalog;
  perform cron.schedule('vibetea-retention', '17 * * * *', 'select public.purge_events()');
exception
  -- It fails in many ways: not loaded, of another database, not allowed, with codes of any kind.
  when others then
    raise notice 'pg_cron cannot be used here (%): old events go when new ones come', sqlerrm;
end
$$;
