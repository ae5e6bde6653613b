// Package disk asks the system what files need and package os does not tell: how
// much room a folder has, and whether another process has a file locked.
package disk

import "fmt"

// Check refuses to begin what a folder has no room for. Its error says how much
// there is and how much is needed, in GB of 10⁹ bytes. free is Free, or a test's.
func Check(dir string, need int64, free func(dir string) (int64, error)) error {
	have, err := free(dir)
	if err != nil {
		return fmt.Errorf("cannot ask how much room %s has: %w", dir, err)
	}
	if have >= 0 && have < need {
		return fmt.Errorf("%s has room for %.2f GB, and %.2f GB are needed", dir, float64(have)/1e9, float64(need)/1e9)
	}
	return nil
}
