-- A claim belongs to one browser: the same person may sit at two.
alter table claims add column holder text not null default '';

-- The desk's orders by score. A comment drawn for blind control stands in the
-- middle, so that its place tells nothing.
drop index revisions_calm;
create index revisions_calm on revisions (site_id, state, (case when blind = 1 then 0.5 else coalesce(refuse, 0.5) end), submitted_at, comment_id);
create index revisions_hot on revisions (site_id, state, (-(case when blind = 1 then 0.5 else coalesce(refuse, 0.5) end)), submitted_at, comment_id);
