package probe

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Acknowledged reports whether the other side's kernel has received everything that was sent. It tells a process that hangs, for which
// its kernel acknowledges, from a path that is blocked. It is true if nothing was sent yet, and false once the connection was reset or
// given up.
func (c *Conn) Acknowledged() (bool, error) {
	raw, err := c.tcp.SyscallConn()
	if err != nil {
		return false, err
	}
	var info *unix.TCPInfo
	var infoErr error
	err = raw.Control(func(fd uintptr) { info, infoErr = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) })
	if err == nil {
		err = infoErr
	}
	if err != nil {
		return false, fmt.Errorf("failed to read state of connection: %w", err)
	}
	// A closed connection has nothing left that could be unacknowledged. (The kernel's states have the same numbers for BPF.)
	return info.State != unix.BPF_TCP_CLOSE && info.Unacked == 0 && info.Notsent_bytes == 0, nil
}
