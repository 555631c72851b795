package drover.daemon.security;

import drover.daemon.security.AuthorityBook.OpenToken;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/// Issues and redeems join tokens in a book. Pure: the clock is an argument.
final class JoinTokens {
    /// Long enough to type it on another machine, short enough that a forgotten one is worth nothing.
    static final Duration DEFAULT_LIFE = Duration.ofHours(1);

    private static final Duration LONGEST_LIFE = Duration.ofDays(30);
    private static final int MOST_USES = 10_000;
    private static final int OPEN_LIMIT = 1000; // each redemption compares with all of them

    private JoinTokens() {}

    static AuthorityBook issue(AuthorityBook book, byte[] secret, Duration life, int uses, Instant now)
            throws SecurityFailure {
        if (life.compareTo(Duration.ofSeconds(1)) < 0 || life.compareTo(LONGEST_LIFE) > 0)
            throw new SecurityFailure("a token lives one second to 30 days, got " + life.toSeconds() + " s");
        if (uses < 1 || uses > MOST_USES)
            throw new SecurityFailure("a token can be used 1 to " + MOST_USES + " times, got " + uses);
        List<OpenToken> tokens = new ArrayList<>(book.pruned(now).tokens());
        if (tokens.size() >= OPEN_LIMIT)
            throw new SecurityFailure("there are " + OPEN_LIMIT + " tokens already; wait until some expire");
        tokens.add(new OpenToken(AuthorityBook.secretHash(secret), now.plus(life), uses));
        return book.withTokens(tokens);
    }

    /// Takes one use. Every token is compared, in a time that tells nothing about the secrets.
    ///
    /// @throws SecurityFailure when no token of this book has the secret, or it expired, or is used up
    static AuthorityBook redeem(AuthorityBook book, byte[] secret, Instant now) throws SecurityFailure {
        byte[] wanted = AuthorityBook.secretHash(secret).getBytes(StandardCharsets.US_ASCII);
        int found = -1;
        List<OpenToken> tokens = new ArrayList<>(book.tokens());
        for (int i = 0; i < tokens.size(); i++)
            if (MessageDigest.isEqual(wanted, tokens.get(i).secretHash().getBytes(StandardCharsets.US_ASCII)))
                found = i;
        if (found < 0)
            throw new SecurityFailure("the authority knows no such token: it is forged, or older than a day past its"
                    + " end; make a new one there: drover token");
        OpenToken token = tokens.get(found);
        if (!now.isBefore(token.expires()))
            throw new SecurityFailure(
                    "the token expired at " + token.expires() + "; make a new one: drover token [--ttl 2h]");
        if (token.usesLeft() < 1)
            throw new SecurityFailure("the token is used up; make a new one: drover token [--uses N]");
        tokens.set(found, new OpenToken(token.secretHash(), token.expires(), token.usesLeft() - 1));
        return book.withTokens(tokens);
    }
}
