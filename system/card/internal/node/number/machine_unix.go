//go:build unix

package number

import (
	"io/fs"
	"strconv"
	"syscall"
)

func fileNumber(info fs.FileInfo) string {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return strconv.FormatUint(s.Ino, 10)
	}
	return ""
}
