-- People were looked up by the thousand for a reconciliation, which now reads all it needs beside the provider's rows
-- (00014). One person, or a page of them, is found as fast by the primary key, and an import has an index less to keep.
-- +goose Up
DROP INDEX person_by_id;
