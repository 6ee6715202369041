package podnet

import (
	"context"
	"errors"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

const (
	dnsPort = 53
	// dnsTTL and the figures of soa are those of CoreDNS with kubeadm's configuration, in seconds.
	dnsTTL    = 30
	dnsZone   = "cluster.local."
	dnsMinUDP = 512
)

// isDNS says whether the cluster's DNS answers at an address: that of the Service kube-dns, and that of
// the endpoint which the Service shows.
func isDNS(to netip.AddrPort) bool {
	return to.Port() == dnsPort && (to.Addr() == DNSServer() || to.Addr() == NodeIP(0))
}

// nameserver answers queries in DNS's own format (RFC 1035) for one client.
type nameserver struct {
	resolver Resolver
	from     Source
	proto    string
}

// answer returns the reply to a query, or nil for what is none.
func (s nameserver) answer(ctx context.Context, query []byte) []byte {
	var p dnsmessage.Parser
	head, err := p.Start(query)
	if err != nil || head.Response {
		return nil
	}
	reply := dnsmessage.Message{Header: dnsmessage.Header{
		ID: head.ID, Response: true, OpCode: head.OpCode, RecursionDesired: head.RecursionDesired, RecursionAvailable: true,
	}}
	question, err := p.Question()
	switch {
	case err != nil:
		reply.RCode = dnsmessage.RCodeFormatError
	case head.OpCode != 0 || question.Class != dnsmessage.ClassINET:
		reply.Questions, reply.RCode = []dnsmessage.Question{question}, dnsmessage.RCodeNotImplemented
	default:
		reply.Questions = []dnsmessage.Question{question}
		s.fill(ctx, &reply, question)
	}
	return s.pack(reply, payloadSize(&p))
}

// fill looks up what is asked for. An alias stands before what it leads to.
func (s nameserver) fill(ctx context.Context, reply *dnsmessage.Message, q dnsmessage.Question) {
	typ, name := strings.TrimPrefix(q.Type.String(), "Type"), q.Name.String()
	reply.Authoritative = true
	owner := q.Name
	if q.Type == dnsmessage.TypeA || q.Type == dnsmessage.TypeAAAA {
		alias, err := s.resolver.Lookup(ctx, s.from, "CNAME", name)
		if err == nil && len(alias) > 0 {
			reply.Answers = append(reply.Answers, records(owner, "CNAME", alias)...)
			if to, err := dnsmessage.NewName(alias[0]); err == nil {
				owner = to
			}
		}
	}
	found, err := s.resolver.Lookup(ctx, s.from, typ, name)
	switch {
	case err != nil && reasonOf(err) == NoSuchHost:
		reply.RCode = dnsmessage.RCodeNameError
	case err != nil:
		reply.RCode = dnsmessage.RCodeServerFailure
		return
	}
	reply.Answers = append(reply.Answers, records(owner, typ, found)...)
	if len(reply.Answers) == 0 {
		reply.Authorities = []dnsmessage.Resource{soa()}
	}
}

// pack cuts a reply that does not fit into a datagram to its head, so that the client asks by TCP.
func (s nameserver) pack(reply dnsmessage.Message, limit int) []byte {
	b, err := reply.Pack()
	if err == nil && (s.proto == "tcp" || len(b) <= limit) {
		return b
	}
	reply.Truncated = err == nil
	if err != nil {
		reply.RCode = dnsmessage.RCodeServerFailure
	}
	reply.Answers, reply.Authorities = nil, nil
	if b, err = reply.Pack(); err != nil {
		return nil
	}
	return b
}

// payloadSize is how large a datagram the client takes: it says so in an OPT record (RFC 6891), if at all.
func payloadSize(p *dnsmessage.Parser) int {
	if err := errors.Join(p.SkipAllQuestions(), p.SkipAllAnswers(), p.SkipAllAuthorities()); err != nil {
		return dnsMinUDP
	}
	for {
		h, err := p.AdditionalHeader()
		if err != nil {
			return dnsMinUDP
		}
		if h.Type == dnsmessage.TypeOPT {
			return max(dnsMinUDP, int(h.Class))
		}
		if p.SkipAdditional() != nil {
			return dnsMinUDP
		}
	}
}

// records turns a Resolver's answers into those of DNS. What does not parse is left out.
func records(owner dnsmessage.Name, typ string, answers []string) []dnsmessage.Resource {
	var out []dnsmessage.Resource
	for _, a := range answers {
		if body := recordBody(typ, a); body != nil {
			out = append(out, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: owner, Class: dnsmessage.ClassINET, TTL: dnsTTL}, Body: body,
			})
		}
	}
	return out
}

func recordBody(typ, answer string) dnsmessage.ResourceBody {
	if typ == "A" {
		if ip, err := netip.ParseAddr(answer); err == nil && ip.Is4() {
			return &dnsmessage.AResource{A: ip.As4()}
		}
		return nil
	}
	fields := strings.Fields(answer)
	if len(fields) == 0 {
		return nil
	}
	target, err := dnsmessage.NewName(fields[len(fields)-1])
	switch {
	case err != nil:
		return nil
	case typ == "CNAME":
		return &dnsmessage.CNAMEResource{CNAME: target}
	case typ == "PTR":
		return &dnsmessage.PTRResource{PTR: target}
	case typ == "SRV" && len(fields) == 4:
		var n [3]uint16
		for i := range n {
			v, err := strconv.ParseUint(fields[i], 10, 16)
			if err != nil {
				return nil
			}
			n[i] = uint16(v)
		}
		return &dnsmessage.SRVResource{Priority: n[0], Weight: n[1], Port: n[2], Target: target}
	}
	return nil
}

// soa says for how long the absence of an answer may be remembered.
func soa() dnsmessage.Resource {
	zone := dnsmessage.MustNewName(dnsZone)
	return dnsmessage.Resource{
		Header: dnsmessage.ResourceHeader{Name: zone, Class: dnsmessage.ClassINET, TTL: dnsTTL},
		Body: &dnsmessage.SOAResource{
			NS: dnsmessage.MustNewName("ns.dns." + dnsZone), MBox: dnsmessage.MustNewName("hostmaster." + dnsZone),
			Serial: 1, Refresh: 7200, Retry: 1800, Expire: 86400, MinTTL: dnsTTL,
		},
	}
}
