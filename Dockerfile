# sotto serve in an image of its own: the program, certificates, and nothing else.
# docs/deploy.md says how it is run.

FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=container
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X main.stamp=$VERSION" -o /root-of-image/sotto ./cmd/sotto
# Folders that the server may write, and what sotto pull trusts.
RUN mkdir -p /root-of-image/tmp /root-of-image/state /root-of-image/models /root-of-image/etc/ssl/certs \
    && cp /etc/ssl/certs/ca-certificates.crt /root-of-image/etc/ssl/certs/

FROM scratch
COPY --from=build --chown=65532:65532 /root-of-image/ /
USER 65532:65532
# TLS ends in front of a container, so it is told that others may come without; they
# are asked for tokens all the same. Where it listens, PORT says.
ENV PORT=7788 \
    SOTTO_INSECURE_LAN=true \
    HF_HOME=/models \
    SOTTO_CACHE=/models/sotto \
    XDG_CONFIG_HOME=/etc
EXPOSE 7788
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=4s --start-period=2m CMD ["/sotto", "health"]
ENTRYPOINT ["/sotto"]
CMD ["serve"]
