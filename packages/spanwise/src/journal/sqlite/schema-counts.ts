/** How many runs of each tenant stand how, kept as they change: counting rows takes as long as there are runs. */
export const countTables = `
CREATE TABLE spanwise_counts (
  tenant TEXT NOT NULL,
  status INTEGER NOT NULL,
  n      INTEGER NOT NULL,
  PRIMARY KEY (tenant, status)
) STRICT, WITHOUT ROWID;
INSERT INTO spanwise_counts (tenant, status, n) SELECT tenant, status, count(*) FROM spanwise_runs GROUP BY tenant, status;

CREATE TRIGGER spanwise_counts_insert AFTER INSERT ON spanwise_runs BEGIN
  INSERT INTO spanwise_counts (tenant, status, n) VALUES (NEW.tenant, NEW.status, 1)
    ON CONFLICT DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER spanwise_counts_update AFTER UPDATE OF status ON spanwise_runs WHEN OLD.status <> NEW.status BEGIN
  UPDATE spanwise_counts SET n = n - 1 WHERE tenant = OLD.tenant AND status = OLD.status;
  INSERT INTO spanwise_counts (tenant, status, n) VALUES (NEW.tenant, NEW.status, 1)
    ON CONFLICT DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER spanwise_counts_delete AFTER DELETE ON spanwise_runs BEGIN
  UPDATE spanwise_counts SET n = n - 1 WHERE tenant = OLD.tenant AND status = OLD.status;
END;
`
