package access

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// maxFile is the largest file of tokens, in bytes.
const maxFile = 64 << 10

const fileHead = `# Who may do what at this server, a token a line: view reads rooms, speak also speaks, admin does everything.
# A line that is taken out is good no more when sotto is told to read again (SIGHUP) or starts.
`

// ReadFile returns the tokens of a file, which others must not be able to read.
func ReadFile(name string) ([]string, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("access: cannot read the tokens: %w", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o027 != 0 {
		return nil, fmt.Errorf("access: others may read or write the tokens in %s (mode %04o); take that away with chmod 600", name, info.Mode().Perm())
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("access: cannot read the tokens: %w", err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("access: %s is larger than %d bytes, which is no file of tokens", name, maxFile)
	}
	return parse(name, string(data))
}

// parse never repeats a line: it may be a token with a letter too much.
func parse(name, text string) (tokens []string, err error) {
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if _, ok := roleOf(line); !ok {
			return nil, fmt.Errorf("access: %s:%d: no token; want sotto_view_, sotto_speak_ or sotto_admin_ and %d hexadecimal digits", name, number, 2*randomBytes)
		}
		tokens = append(tokens, line)
	}
	if len(tokens) == 0 {
		return nil, fmt.Errorf("access: %s has no tokens, so that nobody could come in; remove it, and the next start writes a new one", name)
	}
	return tokens, nil
}

// OpenFile reads a file of tokens. Where there is none, it makes one with a
// token for each role.
func OpenFile(name string) (tokens []string, made bool, err error) {
	tokens, err = ReadFile(name)
	if !errors.Is(err, fs.ErrNotExist) {
		return tokens, false, err
	}
	tokens = []string{New(View), New(Speak), New(Admin)}
	if err := write(name, fileHead+strings.Join(tokens, "\n")+"\n"); err != nil {
		return nil, false, fmt.Errorf("access: cannot write the tokens: %w", err)
	}
	return tokens, true, nil
}

// write makes a new file that is the owner's alone.
func write(name, text string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		os.Remove(name)
	}
	return err
}
