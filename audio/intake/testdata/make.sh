#!/bin/sh
# Makes the sound files beside it from 0.4 s of the test set's speech. Needs
# ffmpeg, opusenc and sox; run it in this folder.
#
# speech.s16 is that speech as ffmpeg decodes it, 16 kHz mono, with nothing above
# 3.4 kHz, so that every lossless file here holds it, whatever its rate. Stereo
# files have a tone added on the left and taken off on the right, which a mix to
# mono cancels. A lossy file has what ffmpeg makes of it beside it: NAME.s16.
set -eu

ff() { # in, options and out
    in=$1
    shift
    ffmpeg -nostdin -v error -y -i "$in" -bitexact "$@"
}
tmp=$(mktemp -d)
trap 'rm -r "$tmp"' EXIT

ffmpeg -nostdin -v error -y -ss 0.5 -t 0.4 -i ../../../models/pocket/testset/01-one.ogg -ac 1 \
    -af 'aresample=6800,aresample=16000,volume=12,afade=d=0.02,afade=t=out:st=0.375:d=0.02' "$tmp/mono.wav"
ffmpeg -nostdin -v error -y -i "$tmp/mono.wav" -f lavfi -i 'sine=2000:r=16000:d=0.4,volume=1' -filter_complex \
    '[1]asplit[a][b];[b]volume=-1[c];[0]asplit[x][y];[x][a]amix=normalize=0[l];[y][c]amix=normalize=0[r];[l][r]amerge' \
    -c:a pcm_f32le "$tmp/stereo.wav"
ff "$tmp/mono.wav" -f s16le speech.s16

sox -D "$tmp/mono.wav" -r 8000 -b 8 u8-8000.wav # ffmpeg would round down
ff "$tmp/stereo.wav" -ar 22050 -c:a pcm_s16le s16-22050-stereo.wav
ff "$tmp/mono.wav" -ar 24000 -c:a pcm_s24le s24-24000.wav
ff "$tmp/mono.wav" -ar 16000 -c:a pcm_s32le s32-16000.wav
ff "$tmp/mono.wav" -ar 11025 -c:a pcm_f32le f32-11025.wav
ff "$tmp/mono.wav" -ar 8000 -c:a pcm_f64le f64-8000.wav
ff "$tmp/stereo.wav" -ar 8000 -c:a pcm_alaw alaw-8000-stereo.wav
ff "$tmp/mono.wav" -ar 8000 -c:a pcm_mulaw mulaw-8000.wav
ff "$tmp/mono.wav" -ar 12000 -c:a pcm_s24le extensible-12000.wav
ff "$tmp/mono.wav" -metadata title='A list before the sound' list-16000.wav
ff "$tmp/mono.wav" -f wav pipe:1 | cat >streamed-16000.wav # nothing can go back to fill in the size
ff "$tmp/mono.wav" -ar 48000 -c:a flac -sample_fmt s16 s16-48000.flac
ff "$tmp/stereo.wav" -ar 32000 -c:a flac -sample_fmt s32 -bits_per_raw_sample 24 s24-32000-stereo.flac

ff "$tmp/mono.wav" -ar 16000 -c:a libmp3lame -b:a 48k mono-16000.mp3
ff "$tmp/stereo.wav" -ar 44100 -c:a libmp3lame -b:a 128k stereo-44100.mp3
ff "$tmp/mono.wav" -ar 16000 -c:a libvorbis -page_duration 100000 mono-16000.ogg
ff "$tmp/stereo.wav" -ar 44100 -c:a libvorbis -page_duration 100000 stereo-44100.ogg
ff "$tmp/mono.wav" -ar 44100 -c:a aac -b:a 64k mono-44100.m4a
ff "$tmp/mono.wav" -ar 48000 "$tmp/mono48.wav"
ff "$tmp/stereo.wav" -ar 48000 -c:a pcm_s16le "$tmp/stereo48.wav"
opusenc --quiet --serial 1 --max-delay 100 --bitrate 24 "$tmp/mono48.wav" mono-24k.opus
opusenc --quiet --serial 1 --max-delay 100 --bitrate 12 --speech "$tmp/mono48.wav" speech-12k.opus
opusenc --quiet --serial 1 --max-delay 100 --bitrate 64 "$tmp/stereo48.wav" stereo-64k.opus

for f in *.mp3 *.ogg *.m4a *.opus; do
    ff "$f" -ac 1 -ar 16000 -f s16le "$f.s16"
done
