-- The frozen model's score of a text, in hundredths, and the version that gave
-- it; -1 for what never enters a bundle, null for what has no score yet. What a
-- chart over a million waiting texts needs lies in one index, its conditions too.
alter table revisions add column calm integer;
alter table revisions add column calm_model text not null default '';
create index revisions_bundle on revisions (site_id, calm_model, submitted_at, comment_id, calm) where state = 'pending' and blind = 0 and calm >= 0;
create index revisions_chart on revisions (site_id, calm_model, calm, blind, state) where state = 'pending' and blind = 0 and calm >= 0;
create index revisions_unscored on revisions (site_id, calm_model) where state = 'pending' and assessment <> '';

-- The lower handle; a bundle made before it existed began at zero.
alter table bundles add column lower integer not null default 0;

-- What an author was promised at submission, from how much waited at the site and
-- from its hours; and how many texts waited then, to learn from afterwards.
alter table revisions add column wait_from bigint;
alter table revisions add column wait_to bigint;
alter table revisions add column waiting_then integer;

-- Statistics read a period and nothing else.
create index decisions_at on decisions (site_id, at);
create index revisions_submitted on revisions (site_id, submitted_at);
