-- What ten million comments and a thousand sites need: a statement of a screen, a
-- feed or a job that reads a large table has an index for it. The test TestPlans
-- asks for every one.

-- Figures of a period, of one site or of all.
create index decisions_period on decisions (site_id, at);
create index decisions_time on decisions (at);

-- Feeds of an article, and of what editors picked.
create index publications_article on publications (article_id, published_at);
create index publications_picks on publications (site_id, published_at) where picked = 1;
create index publications_all_picks on publications (published_at) where picked = 1;

-- Articles by their dates, and by address without a site.
create index articles_dated on articles (site_id, date, created_at);
create index articles_all_dated on articles (date, created_at);
create index articles_newest on articles (created_at);
create index articles_url on articles (url);

-- The desk's list of reports; what retention looks for.
create index notices_waiting on notices (created_at, id) where decided_at is null;
create index notices_sender on notices (created_at) where sender_hash is not null;
create index sessions_end on sessions (expires_at);

-- What waits at all sites, by score. The indexes that these replace lacked the
-- state in front, so that SQLite passed them over and sorted all that waits.
drop index revisions_waiting_calm;
drop index revisions_waiting_hot;
create index revisions_waiting_calm on revisions (state, (case when blind = 1 then 0.5 else coalesce(refuse, 0.5) end), submitted_at, comment_id) where state = 'pending';
create index revisions_waiting_hot on revisions (state, (-(case when blind = 1 then 0.5 else coalesce(refuse, 0.5) end)), submitted_at, comment_id) where state = 'pending';
