# A node of Causeway. The folder of the node is /data: configuration, keys, database, files.
#
#   docker build -t causeway .
#   docker run --rm -v node:/data causeway init /data --public-url https://drive.example.org
#   docker run -d -v node:/data -p 8080:8080 causeway

FROM node:24-bookworm-slim AS page
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json vite.config.ts ./
COPY src/client src/client
COPY src/web src/web
RUN npm run web

FROM node:24-bookworm-slim

# rclone is the second executor of transfers; tini hands signals on and reaps what rclone leaves behind.
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates rclone tini \
  && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/causeway
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund && npm cache clean --force
COPY LICENSE CHANGELOG.md ./
COPY bin bin
COPY migrations migrations
COPY src src
COPY --from=page /build/dist/web dist/web

RUN ln -s /opt/causeway/bin/causeway /usr/local/bin/causeway \
  && install -d -o node -g node -m 0750 /data
USER node
VOLUME /data

# Reachable from outside the container; everything else keeps its default.
ENV NODE_ENV=production \
  CAUSEWAY_SERVER__HOST=0.0.0.0 \
  CAUSEWAY_SERVER__PORT=8080
EXPOSE 8080

HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.CAUSEWAY_SERVER__PORT}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]

ENTRYPOINT ["tini", "--", "causeway"]
CMD ["serve", "/data"]
