-- Where the project has pg_cron, events older than 30 days go every hour by themselves. The ingest function asks for
-- the same while archivers write.
do $$
begin
  if not exists (select from pg_available_extensions where name = 'pg_cron') then
    raise notice 'pg_cron is not here: old events go when new ones come';
    return;
  end if;
  create extension if not exists pg_cron with schema pg_catalog;
  perform cron.schedule('vibetea-retention', '17 * * * *', 'select public.purge_events()');
exception
  when insufficient_privilege or feature_not_supported or object_not_in_prerequisite_state then
    raise notice 'pg_cron cannot be used here (%): old events go when new ones come', sqlerrm;
end
$$;
