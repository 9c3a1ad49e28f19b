-- What the functions `ingest` and `query` call. All of it as the service role, which alone may.

-- The tokens of a response together: of an event that comes again the larger is kept. Nothing else has a weight.
create function vibetea.weight(event_type text, payload jsonb) returns numeric
language sql immutable security invoker set search_path = ''
return case
  when event_type = 'activity' and payload ->> 'kind' = 'response' then
    coalesce((payload #>> '{tokens,input}')::numeric, 0)
    + coalesce((payload #>> '{tokens,output}')::numeric, 0)
    + coalesce((payload #>> '{tokens,cacheRead}')::numeric, 0)
    + coalesce((payload #>> '{tokens,cacheWrite}')::numeric, 0)
  else 0
end;
revoke all on function vibetea.weight(text, jsonb) from public, anon, authenticated, service_role;
grant execute on function vibetea.weight(text, jsonb) to service_role;

-- Stores at most 1000 events [{id, source, timestamp, eventType, payload}], or rows, which have an `event_type`, and
-- returns how many were new. One that is there already changes only if it is a response with more tokens. All or nothing.
create function public.bulk_insert_events(events jsonb) returns bigint
language plpgsql volatile security invoker set search_path = '' set statement_timeout = '60s' as $$
declare
  inserted bigint;
begin
  if jsonb_typeof(events) is distinct from 'array' then
    raise exception 'events must be an array' using errcode = '22023';
  end if;
  if jsonb_array_length(events) > 1000 then
    raise exception 'at most 1000 events at a time' using errcode = '22023';
  end if;

  with given as (
    select distinct on (source, id) id, source, "timestamp", coalesce("eventType", event_type) as event_type, payload
    from rows from (
      jsonb_to_recordset(events)
        as (id text, source text, "timestamp" timestamptz, "eventType" text, event_type text, payload jsonb)
    ) with ordinality as event(id, source, "timestamp", "eventType", event_type, payload, place)
    -- To ask each row for its weight would take as long as to store it.
    order by
      source,
      id,
      case when payload ? 'tokens' then vibetea.weight(coalesce("eventType", event_type), payload) else 0 end desc,
      place
  ),
  written as (
    insert into public.events as kept (id, source, "timestamp", event_type, payload)
    select id, source, "timestamp", event_type, payload
    from given
    -- Writers whose events overlap lock them in one order, so that none waits for one that waits for it.
    order by source, id
    on conflict (source, id) do update
      set "timestamp" = excluded."timestamp", payload = excluded.payload
      where kept.event_type = excluded.event_type
        and vibetea.weight(excluded.event_type, excluded.payload) > vibetea.weight(kept.event_type, kept.payload)
    -- A row that this statement has made was never locked or changed.
    returning kept.xmax = 0 as is_new
  )
  select count(*) filter (where is_new) into inserted from written;
  return inserted;
end
$$;
revoke all on function public.bulk_insert_events(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.bulk_insert_events(jsonb) to service_role;

-- How many events each source has in each hour of UTC of the last days. Through the API a set is cut at `max_rows`.
create function public.get_hourly_aggregates(days_back integer default 7, source_filter text default null)
returns table (source text, date date, hour integer, event_count bigint)
language sql stable security invoker set search_path = '' set statement_timeout = '30s'
begin atomic
  select
    counts.source,
    (counts.hour at time zone 'UTC')::date,
    extract(hour from counts.hour at time zone 'UTC')::integer,
    counts.event_count
  from vibetea.events_hourly as counts
  where counts.hour >= date_trunc('hour', now(), 'UTC') - make_interval(days => days_back)
    and (source_filter is null or counts.source = source_filter)
  order by counts.source, counts.hour;
end;
revoke all on function public.get_hourly_aggregates(integer, text) from public, anon, authenticated, service_role;
grant execute on function public.get_hourly_aggregates(integer, text) to service_role;

-- The same as one value, which nothing cuts: [{source, date, hour, eventCount}].
create function public.get_hourly_aggregates_json(days_back integer default 7, source_filter text default null)
returns jsonb
language sql stable security invoker set search_path = '' set statement_timeout = '30s'
begin atomic
  select coalesce(
    jsonb_agg(
      jsonb_build_object(
        'source', counts.source, 'date', counts.date, 'hour', counts.hour, 'eventCount', counts.event_count
      )
      order by counts.source, counts.date, counts.hour
    ),
    '[]'
  )
  from public.get_hourly_aggregates(days_back, source_filter) as counts;
end;
revoke all on function public.get_hourly_aggregates_json(integer, text) from public, anon, authenticated, service_role;
grant execute on function public.get_hourly_aggregates_json(integer, text) to service_role;

-- Deletes events older than so many days and returns how many; the counts follow. Where another call is at it, 0. What a
-- writer has in its hands goes the next time, so that neither waits for the other.
create function public.purge_events(retention_days integer default 30) returns bigint
language plpgsql volatile security invoker set search_path = '' set statement_timeout = '120s' as $$
declare
  purged bigint;
begin
  if retention_days < 1 then
    raise exception 'events are kept for a day at least' using errcode = '22023';
  end if;
  if not pg_try_advisory_xact_lock(hashtextextended('vibetea.purge_events', 0)) then
    return 0;
  end if;
  delete from public.events
  where ctid = any (array(
    select ctid from public.events
    where "timestamp" < now() - make_interval(days => retention_days)
    for update skip locked
  ));
  get diagnostics purged = row_count;
  return purged;
end
$$;
revoke all on function public.purge_events(integer) from public, anon, authenticated, service_role;
grant execute on function public.purge_events(integer) to service_role;
