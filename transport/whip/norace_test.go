//go:build !race

package whip

const raced = false
