#!/bin/sh
# Encodes 0.4 s of speech in packets of several lengths with opusenc, and has
# ffmpeg decode them again.
set -eu
cd "$(dirname "$0")"
for ms in 2.5 10 60; do
	opusenc --quiet --serial 1 --raw --raw-rate 16000 --raw-chan 1 --bitrate 24 --framesize $ms \
		--discard-comments --max-delay 70 ../../intake/testdata/speech.s16 packets-$ms.opus
	ffmpeg -nostdin -v error -y -i packets-$ms.opus -bitexact -f s16le -ac 1 -ar 16000 packets-$ms.opus.s16
done
