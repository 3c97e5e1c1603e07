# Holdfast as a container. Two images come from this file:
#
#   docker build -t holdfast .                       for a Postgres of your own (DATABASE_URL)
#   docker build -t holdfast:home --target home .    with the embedded Postgres, for a home server of one container
#
# Both run as an ordinary user, need nothing writable but /data (and /data only without DATABASE_URL), and take the role
# as an argument: `serve --role=all` (the default), `--role=sync` or `--role=workers`. Every other command of the operator
# is there too: `docker exec <container> holdfast doctor`.

# The versions of everything come from the lock file.
FROM node:26-bookworm-slim AS manifests
WORKDIR /app
COPY package.json package-lock.json ./
COPY core/package.json core/
COPY db/package.json db/
COPY sync-server/package.json sync-server/
COPY workers/package.json workers/
COPY deploy/package.json deploy/
COPY web/package.json web/
COPY tests/package.json tests/

# The app is the only thing that is built; servers run the TypeScript that is tested.
FROM manifests AS app
RUN npm ci --no-audit --no-fund --loglevel=error
COPY tsconfig.json ./
COPY core core
COPY web web
# The guide is built into the app.
COPY docs/guide docs/guide
RUN cd web && node ../node_modules/vite/bin/vite.js build

FROM manifests AS modules
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund --loglevel=error \
    -w core -w db -w sync-server -w workers -w deploy

FROM manifests AS modules-home
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error \
    -w core -w db -w sync-server -w workers -w deploy \
  && rm -rf node_modules/node-*

FROM node:26-bookworm-slim AS base
WORKDIR /app
# The same flags as npm start gives (deploy/node-flags.json says why).
ENV NODE_ENV=production NODE_OPTIONS=--max-semi-space-size=8 HOST=0.0.0.0 PORT=8787 DATA_DIR=/data
RUN install -d -o node -g node -m 700 /data \
  && printf '#!/bin/sh\nexec node /app/deploy/holdfast.ts "$@"\n' > /usr/local/bin/holdfast \
  && chmod 755 /usr/local/bin/holdfast
COPY package.json ./
COPY core core
COPY db db
COPY sync-server sync-server
COPY workers workers
COPY deploy deploy
COPY --from=app /app/web/build web/build
USER node
VOLUME /data
EXPOSE 8787
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["node", "/app/deploy/probe.ts"]
ENTRYPOINT ["node", "/app/deploy/holdfast.ts"]
CMD ["serve", "--role=all"]

FROM base AS home
COPY --from=modules-home /app/node_modules node_modules

FROM base AS server
COPY --from=modules /app/node_modules node_modules
