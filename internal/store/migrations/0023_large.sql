-- The index decisions_at serves the figures of a period; each decision would pay
-- for these beside it.
drop index decisions_period;
drop index decisions_time;
