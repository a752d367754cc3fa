//go:build e2e

package loss

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/mdlayher/netlink"

	"github.com/tanist-dev/tanist/test/env"
)

// What linux/netfilter/nfnetlink.h and nfnetlink_queue.h say.
const (
	netfilter = 12 // the protocol of netlink
	queues    = 3 << 8

	packetMessage  = queues
	verdictMessage = queues | 1
	configMessage  = queues | 2

	packetHeader, verdictHeader                 = 1, 2
	configCommand, configParams, configMaxLen   = 1, 2, 3
	bindCommand, copyMetadata, acceptingVerdict = 1, 1, 1
)

const (
	delayQueue = 7
	// longestQueue is how many packets may wait; more are dropped.
	longestQueue = 65536
)

// delaying holds each packet that comes in to a node's network for a random time.
func delaying(node func(s *scene) string, least, most time.Duration) func(*testing.T, *scene) (inject, end step) {
	return func(t *testing.T, s *scene) (inject, end step) {
		name := node(s)
		queue := openQueue(t, name)
		go holdPackets(queue, least, most)
		rule := func(change string) step {
			return func(ctx context.Context) error {
				return env.InNode(ctx, name, "iptables", "--table", "mangle", change, "PREROUTING", "--in-interface", "eth0",
					"--jump", "NFQUEUE", "--queue-num", strconv.Itoa(delayQueue))
			}
		}
		return rule("--append"), all([]step{rule("--delete"), func(context.Context) error { return queue.Close() }})
	}
}

// openQueue opens the queue of packets in a node's network.
func openQueue(t *testing.T, node string) *netlink.Conn {
	t.Helper()
	network, err := os.Open("/run/netns/tanist-" + node)
	if err != nil {
		t.Fatal(err)
	}
	defer network.Close()
	queue, err := netlink.Dial(netfilter, &netlink.Config{NetNS: int(network.Fd())})
	if err != nil {
		t.Fatal(err)
	}
	for _, attribute := range []netlink.Attribute{
		{Type: configCommand, Data: []byte{bindCommand, 0, 0, 0}},
		{Type: configParams, Data: append(binary.BigEndian.AppendUint32(nil, 0), copyMetadata)},
		{Type: configMaxLen, Data: binary.BigEndian.AppendUint32(nil, longestQueue)},
	} {
		message, err := toQueue(configMessage, netlink.Request|netlink.Acknowledge, attribute)
		if err == nil {
			_, err = queue.Execute(message)
		}
		if err != nil {
			t.Fatalf("failed to set up the queue of %s: %v", node, err)
		}
	}
	return queue
}

// holdPackets lets each packet of a queue go on after a random time. It returns when the queue is closed.
func holdPackets(queue *netlink.Conn, least, most time.Duration) {
	for {
		messages, err := queue.Receive()
		if err != nil {
			return
		}
		for _, message := range messages {
			if id, ok := packetID(message); ok {
				time.AfterFunc(least+rand.N(most-least), func() { _ = pass(queue, id) }) // it fails when the queue is closed
			}
		}
	}
}

// packetID returns the number of a packet that waits.
func packetID(message netlink.Message) (id uint32, ok bool) {
	const header = 4
	if message.Header.Type != packetMessage || len(message.Data) < header {
		return 0, false
	}
	attributes, err := netlink.UnmarshalAttributes(message.Data[header:])
	if err != nil {
		return 0, false
	}
	for _, attribute := range attributes {
		if attribute.Type == packetHeader && len(attribute.Data) >= 4 {
			return binary.BigEndian.Uint32(attribute.Data), true
		}
	}
	return 0, false
}

// pass lets a packet go on.
func pass(queue *netlink.Conn, id uint32) error {
	verdict := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, acceptingVerdict), id)
	message, err := toQueue(verdictMessage, netlink.Request, netlink.Attribute{Type: verdictHeader, Data: verdict})
	if err == nil {
		_, err = queue.Send(message)
	}
	return err
}

// toQueue is a message about the queue.
func toQueue(kind netlink.HeaderType, flags netlink.HeaderFlags, attribute netlink.Attribute) (netlink.Message, error) {
	data, err := netlink.MarshalAttributes([]netlink.Attribute{attribute})
	if err != nil {
		return netlink.Message{}, fmt.Errorf("failed to encode a message about packets: %w", err)
	}
	// An address family, which is any, the version of the protocol, and the queue's number.
	data = append([]byte{0, 0, 0, delayQueue}, data...)
	return netlink.Message{Header: netlink.Header{Type: kind, Flags: flags}, Data: data}, nil
}
