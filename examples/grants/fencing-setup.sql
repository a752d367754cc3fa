-- Made once: the highest term that has written, of each Service, and the table that only the leader may write to.
CREATE TABLE leaders (service text PRIMARY KEY, term bigint NOT NULL);
INSERT INTO leaders VALUES ('db', 0);
CREATE TABLE jobs (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, term bigint NOT NULL);
