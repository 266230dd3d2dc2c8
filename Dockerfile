# The image of expplat-server: the program, the shared libraries that it needs, certificates and time zones; no shell.
#
#     docker build -t expplat-server .
#     docker run -p 8080:8080 -v expplat:/var/lib/expplat expplat-server
#
# Its steps are server/docker/build.sh, which the tests run as well. README, "Running the server", has the variables.
FROM debian:12-slim AS build
WORKDIR /source
# Apart, so that a change of the sources installs nothing anew.
COPY .ci/setup.sh .ci/setup.sh
COPY server/docker/build.sh server/docker/build.sh
RUN server/docker/build.sh packages
COPY . .
RUN server/docker/build.sh compile /build \
    && server/docker/build.sh assemble /root-of-image /build/bin/expplat-server /build/bin/expplat \
    && install -d -m 0700 /data-of-image

FROM scratch
COPY --from=build /root-of-image /
# A volume that is new begins with its owner.
COPY --from=build --chown=65532:65532 /data-of-image /var/lib/expplat
ENV EXPPLAT_LISTEN=0.0.0.0:8080 \
    EXPPLAT_DATA=/var/lib/expplat \
    HOME=/var/lib/expplat
USER 65532:65532
WORKDIR /var/lib/expplat
VOLUME /var/lib/expplat
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["/usr/bin/expplat-server", "health"]
ENTRYPOINT ["/usr/bin/expplat-server"]
