-- Published figures that ours are compared with. They get revised, so each is a row with its period and its vintage, and a
-- revised one is another row.
-- +goose Up

CREATE TABLE benchmark (
  area text NOT NULL,
  indicator text NOT NULL,
  period text NOT NULL,
  period_type text NOT NULL,
  percent double precision NOT NULL CHECK (percent > 0 AND percent <= 100),
  vintage text NOT NULL,
  source text NOT NULL,
  known_from timestamptz NOT NULL,
  known_until timestamptz CHECK (known_until >= known_from)
);
CREATE UNIQUE INDEX one_benchmark_as_it_stands ON benchmark (area, indicator, period, period_type, percent, vintage, source)
  WHERE known_until IS NULL;
COMMENT ON TABLE benchmark IS 'A published figure that ours are compared with, brought in from the configuration at the start. Rows are added and ended, never changed: a past report is compared with what was known then.';
COMMENT ON COLUMN benchmark.area IS 'Whose figure: England.';
COMMENT ON COLUMN benchmark.indicator IS 'Which one: C20 of the Public Health Outcomes Framework.';
COMMENT ON COLUMN benchmark.period IS 'What it covers: a financial year (2023/24) or a month (June 2025).';
COMMENT ON COLUMN benchmark.period_type IS 'What kind of period that is. Figures of different kinds are never joined by a line.';
COMMENT ON COLUMN benchmark.percent IS 'The figure, in per cent.';
COMMENT ON COLUMN benchmark.vintage IS 'The year it was published in: of one period the latest counts.';
COMMENT ON COLUMN benchmark.source IS 'Where it was published.';
COMMENT ON COLUMN benchmark.known_from IS 'Since when the service compares with it ...';
COMMENT ON COLUMN benchmark.known_until IS '... and until when: the configuration does not name it any more. Null while it does.';

GRANT SELECT, INSERT, UPDATE ON benchmark TO throughgate_jobs;
GRANT SELECT ON benchmark TO throughgate_counting;
