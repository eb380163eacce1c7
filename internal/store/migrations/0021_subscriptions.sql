-- Digests by mail: the new comments of a thread, or the editors' picks of a site,
-- once a day. Nobody gets one who has not confirmed the wish by a mailed link.
create table subscriptions (
  id           text primary key,
  site_id      text not null references sites(id),
  kind         text not null check (kind in ('thread','picks')),
  article_id   text not null default '', -- of a thread
  email        text not null,            -- in lower case
  lang         text not null,
  confirmed_at bigint,
  told_until   bigint not null,          -- what was published before is told
  created_at   bigint not null,
  unique (site_id, kind, article_id, email)
);
create index subscriptions_due on subscriptions (told_until);

-- When editors picked a comment: a digest tells of picks, not of comments that
-- happen to be picked.
alter table publications add column picked_at bigint;
create index subscriptions_unconfirmed on subscriptions (created_at) where confirmed_at is null;
