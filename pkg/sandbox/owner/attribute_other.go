//go:build !linux && !darwin

package owner

import (
	"errors"
	"os"
)

func get(*os.File) string { return "" }

func set(*os.File, string) error { return errors.ErrUnsupported }
