-- One write of a leader with its term: psql -v term=1760000000000 -v name=report -f fencing-write.sql
-- The update locks the row, and finds none if a later leader has written. Then nothing is inserted: "INSERT 0 0".
-- In an application :term and :'name' are parameters: WHERE service = 'db' AND term <= $1.
WITH fence AS (
    UPDATE leaders SET term = :term WHERE service = 'db' AND term <= :term RETURNING term
)
INSERT INTO jobs (name, term) SELECT :'name', term FROM fence;
