# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
# Prints the table of Shared/Tokenization/UnicodeScript+Table.swift: script changes by scalar, as start << 8 | number.
# Usage: perl unicode_scripts.pl (made with Unicode 14.0.0). Unassigned scalars take the script before them.
use strict;
use warnings;
use Unicode::UCD qw(prop_invmap);

my ($starts, $names) = prop_invmap("Script");
my %number = (Common => 0, Inherited => 1, Han => 2, Hiragana => 2, Katakana => 2);
my ($next, $previous, @entries) = (3, -1);
for my $i (0 .. $#$starts) {
    my $name = $names->[$i];
    next if $name eq "Unknown";
    $number{$name} = $next++ unless exists $number{$name};
    next if $number{$name} == $previous;
    $previous = $number{$name};
    push @entries, sprintf("0x%X", $starts->[$i] << 8 | $previous);
}
my $line = "       ";
for my $entry (@entries) {
    if (length($line) + length($entry) + 2 > 118) { print "$line\n"; $line = "       "; }
    $line .= " $entry,";
}
print "$line\n";
