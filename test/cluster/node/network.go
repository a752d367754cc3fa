package node

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"

	"github.com/tanist-dev/tanist/test/cluster/process"
)

// SetUpHost makes the bridge that stands for the nodes' network and gives the host its address on it.
func SetUpHost() error {
	bridge := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: bridgeName}}
	if err := netlink.LinkAdd(bridge); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("failed to create the bridge %s: %w", bridgeName, err)
	}
	if err := configure(bridgeName, BridgeAddress+"/24"); err != nil {
		return err
	}
	// A request to a ClusterIP that no kube-proxy has programmed yet must not leave this machine.
	if err := route(ServiceCIDR, nil, bridgeName); err != nil {
		return err
	}
	return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644)
}

// setUpNetwork makes the node's network namespace with its link to the bridge, and the ways from it to all others and back.
func (n Node) setUpNetwork(nodes int) error {
	if err := n.createNetNS(); err != nil {
		return err
	}
	if err := n.createLink(); err != nil {
		return fmt.Errorf("failed to link %s to the bridge: %w", n.Name(), err)
	}
	if err := route(n.podNet(), net.ParseIP(n.IP()), ""); err != nil {
		return err
	}
	return process.InNetNS(n.netNSPath(), func() error {
		if err := errors.Join(configure("lo", ""), configure("eth0", n.address())); err != nil {
			return err
		}
		if err := errors.Join(route("0.0.0.0/0", net.ParseIP(BridgeAddress), ""), route(ServiceCIDR, nil, "eth0")); err != nil {
			return err
		}
		for i := 1; i <= nodes; i++ {
			other := Node{Index: i}
			if i == n.Index {
				continue
			}
			if err := route(other.podNet(), net.ParseIP(other.IP()), ""); err != nil {
				return err
			}
		}
		return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644)
	})
}

func (n Node) createNetNS() error {
	if _, err := os.Stat(n.netNSPath()); err == nil {
		return nil
	}
	// NewNamed moves its thread into the new namespace, and InNetNS ends that thread.
	return process.InNetNS("/proc/self/ns/net", func() error {
		ns, err := netns.NewNamed(n.netNSName())
		if err != nil {
			return fmt.Errorf("failed to create the network namespace %s: %w", n.netNSName(), err)
		}
		return ns.Close()
	})
}

func (n Node) createLink() error {
	if _, err := netlink.LinkByName(n.hostLink()); err == nil {
		return n.setLink(true)
	}
	bridge, err := netlink.LinkByName(bridgeName)
	if err != nil {
		return err
	}
	ns, err := netns.GetFromPath(n.netNSPath())
	if err != nil {
		return err
	}
	defer ns.Close()
	veth := &netlink.Veth{
		LinkAttrs:     netlink.LinkAttrs{Name: n.hostLink(), MasterIndex: bridge.Attrs().Index},
		PeerName:      "eth0",
		PeerNamespace: netlink.NsFd(int(ns)),
	}
	if err := netlink.LinkAdd(veth); err != nil {
		return err
	}
	return n.setLink(true)
}

// setLink plugs the node's cable in or out.
func (n Node) setLink(up bool) error {
	link, err := netlink.LinkByName(n.hostLink())
	if err != nil {
		return fmt.Errorf("failed to find the link of %s: %w", n.Name(), err)
	}
	if up {
		return netlink.LinkSetUp(link)
	}
	return netlink.LinkSetDown(link)
}

func configure(name, address string) error {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return fmt.Errorf("failed to find the link %s: %w", name, err)
	}
	if address != "" {
		addr, err := netlink.ParseAddr(address)
		if err != nil {
			return err
		}
		if err := netlink.AddrReplace(link, addr); err != nil {
			return fmt.Errorf("failed to give %s the address %s: %w", name, address, err)
		}
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("failed to bring up %s: %w", name, err)
	}
	return nil
}

func route(cidr string, via net.IP, dev string) error {
	_, dst, err := net.ParseCIDR(cidr)
	if err != nil {
		return err
	}
	r := &netlink.Route{Dst: dst, Gw: via}
	if dev != "" {
		link, err := netlink.LinkByName(dev)
		if err != nil {
			return fmt.Errorf("failed to find the link %s: %w", dev, err)
		}
		r.LinkIndex = link.Attrs().Index
		r.Scope = netlink.SCOPE_LINK
	}
	if err := netlink.RouteReplace(r); err != nil {
		return fmt.Errorf("failed to set the route to %s: %w", cidr, err)
	}
	return nil
}
