# The stylesheet and script, then the program with them inside, then nothing but the program.
FROM node:22-bookworm-slim AS assets
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --omit=optional
COPY scripts/assets.mjs scripts/
RUN node scripts/assets.mjs node_modules/govuk-frontend assets

FROM golang:1.26.8-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
COPY --from=assets /src/assets internal/web/assets
# The history stays outside (.dockerignore), so the commit that "throughgate version" names has to be said.
ARG COMMIT=
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-X main.builtFrom=$COMMIT" -o /throughgate ./cmd/throughgate

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /srv/throughgate --create-home throughgate
COPY --from=build /throughgate /usr/local/bin/throughgate
WORKDIR /srv/throughgate
USER 10001
EXPOSE 8080
ENTRYPOINT ["throughgate"]
CMD ["serve", "--listen", "0.0.0.0:8080"]
