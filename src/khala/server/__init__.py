"""Songs over HTTP: routes, schemas, keys, events, metrics, the studio's page. No torch; the work is done by workers."""
