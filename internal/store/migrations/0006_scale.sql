-- What large installations need. Claims of one kind of job must not wade through
-- a million of another.
create index jobs_kind on jobs (kind, run_at, id);

-- The desk of all sites at once, in its orders by score, over what waits alone.
create index revisions_waiting_calm on revisions ((case when blind = 1 then 0.5 else coalesce(refuse, 0.5) end), submitted_at, comment_id) where state = 'pending';
create index revisions_waiting_hot on revisions ((-(case when blind = 1 then 0.5 else coalesce(refuse, 0.5) end)), submitted_at, comment_id) where state = 'pending';

-- Retention reads the oldest texts of a state, senders' hashes and addresses
-- that are still there, and nothing else.
create index revisions_ended on revisions (site_id, state, state_at) where state in ('withdrawn', 'rejected', 'returned', 'declined', 'removed');
create index comments_sender on comments (created_at) where sender_hash is not null;
create index comments_email on comments (site_id, created_at) where author_email is not null;
create index authors_email on authors (site_id, created_at) where email is not null;

-- The newest released comments of all sites, for the feed of all.
create index publications_recent on publications (published_at);
create index publications_picked on publications (article_id, path) where picked = 1;

-- Programs that have the database open: each keeps its row while it lives.
create table nodes (
  id         text primary key,
  name       text not null, -- of the machine
  version    text not null,
  started_at bigint not null,
  seen_at    bigint not null
);
