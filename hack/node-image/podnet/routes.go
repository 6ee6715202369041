package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"

	"github.com/vishvananda/netlink"
)

// routeProtocol marks the routes that podnet made, and which it may remove.
const routeProtocol netlink.RouteProtocol = 113

// setRoutes makes podnet's routes those to the peers: node address by Pod CIDR.
func setRoutes(peers map[string]net.IP) error {
	have, err := netlink.RouteListFiltered(netlink.FAMILY_V4,
		&netlink.Route{Protocol: routeProtocol}, netlink.RT_FILTER_PROTOCOL)
	if err != nil {
		return fmt.Errorf("list routes: %w", err)
	}
	var errs []error
	kept := map[string]bool{}
	for i := range have {
		route := &have[i]
		gateway, wanted := peers[route.Dst.String()]
		switch {
		case !wanted:
			slog.Info("remove route", "to", route.Dst, "via", route.Gw)
			errs = append(errs, netlink.RouteDel(route))
		case route.Gw.Equal(gateway):
			kept[route.Dst.String()] = true
		}
	}
	for cidr, gateway := range peers {
		if kept[cidr] {
			continue
		}
		_, destination, err := net.ParseCIDR(cidr)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		slog.Info("set route", "to", destination, "via", gateway)
		route := &netlink.Route{Dst: destination, Gw: gateway, Protocol: routeProtocol}
		if err := netlink.RouteReplace(route); err != nil {
			errs = append(errs, fmt.Errorf("set route to %s via %s: %w", destination, gateway, err))
		}
	}
	return errors.Join(errs...)
}
